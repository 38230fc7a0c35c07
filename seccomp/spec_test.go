package seccomp

import (
	"encoding/json"
	"os"
	"testing"

	containerd "github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake/mistaketest"
	"seccomp-shim/seccomp/seccomptest"
)

func TestReadSpecRefused(t *testing.T) {
	inline := func(profile string) string { return `{"linux":{"seccomp":` + profile + `}}` }
	for _, row := range []struct {
		fact, given string
		says        []string
	}{
		{"no index", inline(withRule(`"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"value":1,"op":"SCMP_CMP_EQ"}]`)),
			[]string{"linux.seccomp: ", "syscalls[0].args[0].index: must be set"}},
		{"no value in the second condition", inline(withRule(`"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":1,"value":1,"op":"SCMP_CMP_EQ"},{"index":2,"op":"SCMP_CMP_EQ"}]`)),
			[]string{"linux.seccomp: ", "syscalls[0].args[1].value: must be set"}},
		{"an index that is null", inline(with(`"syscalls":[{"names":["a"],"action":"SCMP_ACT_LOG"},{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":null,"value":1,"op":"SCMP_CMP_EQ"}]}]`)),
			[]string{"syscalls[1].args[0].index: must be set"}},
		{"a list for linux", `{"linux":[]}`, []string{"linux: a JSON array stands where an object belongs"}},
		{"a string for an errno", inline(`{"defaultErrnoRet":"EPERM"}`), []string{"linux.seccomp.defaultErrnoRet: a JSON string stands where a whole number"}},
		{"a value in quotes", inline(withRule(`"args":[{"index":1,"value":"0x5412"}]`)), []string{"linux.seccomp.syscalls.args.value: a JSON string stands where a whole number"}},
		{"a list", `[]`, []string{"a JSON array stands where an object belongs"}},
		{"a comma too many", `{"linux":{},}`, []string{"byte 13: delete the comma"}},
		{"a byte order mark", "\ufeff{}", []string{"byte order mark"}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			_, err := ReadSpec([]byte(row.given))
			if err == nil {
				t.Fatal("accepted")
			}
			mistaketest.MustSay(t, err.Error(), row.says)
		})
	}
}

// Any profile that containerd writes is read unchanged, also with zeros and with
// properties that OCI does not know: a runtime must not fail because of them (config.md,
// "Extensibility").
func TestReadSpecAccepted(t *testing.T) {
	zero := seccomptest.Decoded(t, withRule(`"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":0,"op":"SCMP_CMP_EQ"}]`))
	standard := containerd.DefaultProfile(&specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{}}})
	for _, profile := range []*specs.LinuxSeccomp{nil, zero, standard} {
		want := &specs.Spec{Version: specs.Version, Linux: &specs.Linux{Seccomp: profile}}
		text, err := json.Marshal(want)
		seccomptest.Must(t, err)
		got, err := ReadSpec(append([]byte(`{"x-vendor":{"syscalls":1},`), text[1:]...))
		if err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(got)
		seccomptest.Must(t, err)
		if string(again) != string(text) {
			t.Errorf("got %s, want %s", again, text)
		}
	}
}

func TestReadSpecOfAWrittenProfile(t *testing.T) {
	for file, field := range map[string]string{"no-index.json": "index", "no-value.json": "value"} {
		profile, err := os.ReadFile("testdata/written/" + file)
		seccomptest.Must(t, err)
		_, err = ReadSpec([]byte(`{"linux":{"seccomp":` + string(profile) + `}}`))
		mustBlame(t, err, "syscalls[0].args[0]."+field, "")
	}
}
