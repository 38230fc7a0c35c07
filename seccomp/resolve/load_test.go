package resolve

import (
	"errors"
	"fmt"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake/mistaketest"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/seccomptest"
)

// localhost_test.go and default_test.go have the other two sources.
func TestLoad(t *testing.T) {
	empty := inline(request{})
	empty.Inline = &specs.LinuxSeccomp{}
	for _, row := range []struct {
		fact  string
		given request
		want  string // "" for unconfined
		says  []string
	}{
		{"nothing is no profile", request{}, "", nil},
		{"Unconfined is no profile", annotated(ours, "Unconfined"), "", nil},
		{"inline is what the spec says", inline(annotated(ours, "Unconfined")), `{"defaultAction":"SCMP_ACT_ERRNO"}`, nil},
		{"an empty inline profile is not unconfined", empty, "", []string{"linux.seccomp", "defaultAction", `""`}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			choice, err := resolve(row.given)
			if err != nil {
				t.Fatal(err)
			}
			p, err := choice.Load()
			if row.says != nil {
				mistaketest.MustSay(t, fmt.Sprint(err), row.says)
				var invalid *seccomp.InvalidError
				if !errors.As(err, &invalid) || invalid.Field != "defaultAction" || invalid.Value != `""` {
					t.Errorf("got %v, want an *InvalidError for defaultAction and its value", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if p != nil {
				got = seccomptest.Encoded(t, p.Spec())
			}
			if got != row.want {
				t.Errorf("loaded %q, want %q", got, row.want)
			}
		})
	}
}

func TestUnknownSourceIsNotUnconfined(t *testing.T) {
	if p, err := (Choice{Source: 4}).Load(); err == nil {
		t.Errorf("loaded %v", p)
	}
}

func TestSourceNames(t *testing.T) {
	got := fmt.Sprint(Unconfined, Inline, RuntimeDefault, Localhost)
	if want := "Unconfined Inline RuntimeDefault Localhost"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
