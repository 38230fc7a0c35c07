package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tree makes a module that has the text which each edit replaces.
func tree(t *testing.T, m module, change func(file, text string) string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	texts := map[string]string{
		"internal/linux/linux.go":       "package linux\nimport \"golang.org/x/sys/unix\"\nfunc Exec() error { return unix.Exec(\"\", nil, nil) }\n",
		"libcontainer/nsenter/nsexec.c": "execve(app, argv, envp);\n",
	}
	for _, e := range m.edits {
		if texts[e.file] == "" {
			texts[e.file] = "package libcontainer\n"
		}
		switch {
		case strings.HasPrefix(e.old, "\t\""):
			texts[e.file] += "import (\n" + e.old + ")\n"
		case strings.Count(e.old, "{") != strings.Count(e.old, "}"): // a part of a statement
			texts[e.file] += "/* {\n" + e.old + "*/\n"
		default:
			texts[e.file] += "func something() error {\n" + e.old + "}\n"
		}
	}
	for file := range m.added {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for file, text := range texts {
		write(t, filepath.Join(dir, file), change(file, text))
	}
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestApply(t *testing.T) {
	for _, m := range []module{runc, ttrpc} {
		dir := tree(t, m, func(_, text string) string { return text })
		if err := m.apply(dir); err != nil {
			t.Fatal(err)
		}
		for _, e := range m.edits {
			text, err := os.ReadFile(filepath.Join(dir, e.file))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "{\n"+e.old) || !strings.Contains(string(text), e.replacement) {
				t.Errorf("%s is now:\n%s", e.file, text)
			}
		}
	}
}

// A runc whose code differs from the code that was read is refused.
func TestApplyRefuses(t *testing.T) {
	for fact, change := range map[string]func(file, text string) string{
		"a place that is gone": func(_, text string) string { return strings.ReplaceAll(text, "linux.Exec(name,", "linux.Exec(path,") },
		"a place that is there twice": func(_, text string) string {
			return text + "func again() error {\n" + callExec + "}\n"
		},
		"another call of execve": func(file, text string) string {
			if strings.Contains(file, "setns") {
				return text + "import \"golang.org/x/sys/unix\"\nvar f = unix.Exec\n"
			}
			return text
		},
		"an execve less than was read": func(file, text string) string {
			return strings.ReplaceAll(text, "execve(app, argv, envp);", "")
		},
	} {
		t.Run(fact, func(t *testing.T) {
			if err := runc.apply(tree(t, runc, change)); err == nil {
				t.Error("applied")
			}
		})
	}
}

// With runc as it is published, the tag makes the build fail. Without the tag it
// succeeds, and the binary refuses to be an init.
func TestPublishedRunc(t *testing.T) {
	build := func(args ...string) ([]byte, error) {
		cmd := exec.Command("go", append([]string{"build"}, args...)...)
		cmd.Dir = "../.."
		cmd.Env = append(os.Environ(), "GOFLAGS=")
		return cmd.CombinedOutput()
	}
	out, err := build("-tags", "lastact", "./shim/container/initprocess")
	if err == nil || !strings.Contains(string(out), "undefined: libcontainer.LastAct") {
		t.Errorf("with the tag: %v: %s", err, out)
	}
	for _, name := range []string{"containerd-shim-seccomp-v1", "seccomp-shim-init"} {
		binary := filepath.Join(t.TempDir(), name)
		if out, err := build("-o", binary, "./cmd/"+name); err != nil {
			t.Fatalf("without the tag: %v: %s", err, out)
		}
		cmd := exec.Command(binary, "init")
		out, err = cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(string(out), "use make") {
			t.Errorf("%s init: %v: %s", name, err, out)
		}
	}
}
