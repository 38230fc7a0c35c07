package seccomp

import (
	"fmt"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Localhost and RuntimeDefault have their own files.
func TestLoad(t *testing.T) {
	empty := inline(Request{})
	empty.Inline = &specs.LinuxSeccomp{}
	for _, row := range []struct {
		fact  string
		given Request
		want  string // "" for unconfined
		says  []string
	}{
		{"nothing is no profile", Request{}, "", nil},
		{"Unconfined is no profile", annotated(ours, "Unconfined"), "", nil},
		{"inline is what the spec says", inline(annotated(ours, "Unconfined")), `{"defaultAction":"SCMP_ACT_ERRNO"}`, nil},
		{"an empty inline profile is not unconfined", empty, "", says("linux.seccomp", "defaultAction", `""`)},
	} {
		t.Run(row.fact, func(t *testing.T) {
			choice, err := Resolve(row.given)
			if err != nil {
				t.Fatal(err)
			}
			p, err := choice.Load()
			if row.says != nil {
				mustSay(t, fmt.Sprint(err), row.says)
				mustBlame(t, err, "defaultAction", `""`)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if p != nil {
				got = encoded(t, p.Spec())
			}
			if got != row.want {
				t.Errorf("loaded %q, want %q", got, row.want)
			}
		})
	}
}

func TestUnknownKindIsNotUnconfined(t *testing.T) {
	if p, err := (Choice{Kind: 4}).Load(); err == nil {
		t.Errorf("loaded %v", p)
	}
}

func TestKindNames(t *testing.T) {
	got := fmt.Sprint(Unconfined, Inline, RuntimeDefault, Localhost)
	if want := "Unconfined Inline RuntimeDefault Localhost"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
