package integration

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// hostile is a name that sends commands to a terminal, forges a line of a log, and
// reverses the direction of text.
const hostile = "\x1b]0;owned\x07\n\u009b31mlevel=info msg=forged\u202egnp"

// Errors, logs and a container's stderr quote names that an image or a pod has chosen,
// so that no control character of theirs reaches a terminal.
func TestNoControlCharactersInErrors(t *testing.T) {
	t.Parallel()
	hook := func(h specs.Hook) oci.SpecOpts {
		return edit(func(s *oci.Spec) { s.Hooks = &specs.Hooks{CreateRuntime: []specs.Hook{h}} })
	}
	late := withHostileProgram(t)
	for _, row := range []struct {
		fact string
		args []string
		opts []oci.SpecOpts
		says string
	}{
		{"a program that is not there", []string{"/bin/" + hostile}, nil, `no such file`},
		{"a program that is none", []string{"/late/" + hostile}, []oci.SpecOpts{late}, `exec "/late/\x1b]0;owned\a\n\u009b31m`},
		{"a program that is none, under a profile", []string{"/late/" + hostile}, []oci.SpecOpts{late, under(profile(t, actionRules))}, `exec "/late/\x1b]0;owned\a\n\u009b31m`},
		{"a working directory", calls("hold"), []oci.SpecOpts{oci.WithProcessCwd("/bin/busybox/" + hostile)}, "not a directory"},
		{"a profile", calls("hold"), []oci.SpecOpts{annotatedWith(ours + "Localhost/" + hostile)}, `owned\a`},
		{"a profile that is not known", calls("hold"), []oci.SpecOpts{annotatedWith(ours + hostile)}, `owned\a`},
		{"an annotation's key", calls("hold"), []oci.SpecOpts{oci.WithAnnotations(map[string]string{"io.containerd.seccomp.v1/" + hostile: "a"})}, `owned\a`},
		{"a mount's source", calls("hold"), []oci.SpecOpts{oci.WithMounts([]specs.Mount{
			{Destination: "/mnt", Type: "bind", Source: "/nonexistent/" + hostile, Options: []string{"bind"}}})}, `owned\a`},
		{"a mount's type", calls("hold"), []oci.SpecOpts{oci.WithMounts([]specs.Mount{{Destination: "/mnt/" + hostile, Type: hostile, Source: "a"}})}, `owned\a`},
		{"a resource limit", calls("hold"), []oci.SpecOpts{edit(func(s *oci.Spec) {
			s.Process.Rlimits = []specs.POSIXRlimit{{Type: hostile}}
		})}, `owned\a`},
		{"a hook", calls("hold"), []oci.SpecOpts{hook(specs.Hook{Path: "/nonexistent/" + hostile})}, `owned\a`},
		{"a hook's words", calls("hold"), []oci.SpecOpts{hook(specs.Hook{Path: "/bin/sh", Args: []string{"sh", "-c", `echo "$0" >&2; exit 3`, hostile}})}, `owned\a`},
		{"a sysctl", calls("hold"), []oci.SpecOpts{edit(func(s *oci.Spec) { s.Linux.Sysctl = map[string]string{"net." + hostile: "1"} })}, `owned\a`},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			id := newID(t)
			c, err := create(t, id, row.args, row.opts...)
			if err == nil {
				err = c.task.Start(bounded(t))
			}
			if err == nil {
				t.Fatal("it runs")
			}
			mustBePrintable(t, "the error", err.Error())
			if !strings.Contains(err.Error(), row.says) {
				t.Errorf("%q does not say %s", err, row.says)
			}
			mustLogPrintably(t, id)
		})
	}
}

// The same holds for messages that the shim writes to a process's stderr.
func TestNoControlCharactersInComplaints(t *testing.T) {
	t.Parallel()
	skipWithoutNotify(t)
	agent := listen(t)
	p := profile(t, notifyRules)
	p.ListenerPath = agent.path
	id := newID(t)
	c := hold(t, id, nil, under(p), withHostileProgram(t))
	got := c.exec(t, []string{"/late/" + hostile})
	mustBePrintable(t, "stderr", strings.TrimSuffix(got.stderr, "\n"))
	eventually(t, "it is logged", func() bool { return strings.Contains(nodeLog.all(id), "did not run its program") })
	mustLogPrintably(t, id)
	if want := `exec "/late/\x1b]0;owned\a\n\u009b31m`; !strings.HasPrefix(got.stderr, want) {
		t.Errorf("stderr is %q, want %s", got.stderr, want)
	}
}

// withHostileProgram mounts an empty file with a hostile name at /late.
func withHostileProgram(t *testing.T) oci.SpecOpts {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, hostile), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	return oci.WithMounts([]specs.Mount{{Destination: "/late", Type: "bind", Source: dir, Options: []string{"bind"}}})
}

func mustBePrintable(t *testing.T, what, text string) {
	t.Helper()
	if i := strings.IndexFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }); i >= 0 {
		t.Errorf("%s has a control character at byte %d: %q", what, i, text)
	}
}

// mustLogPrintably checks the lines of containerd's log that name a container.
func mustLogPrintably(t *testing.T, id string) {
	t.Helper()
	for line := range strings.Lines(nodeLog.all(id)) {
		mustBePrintable(t, "the log", strings.TrimSuffix(line, "\n"))
	}
}
