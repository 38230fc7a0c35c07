package main

import (
	"path/filepath"
	"slices"
	"testing"
)

// Every way to write a call of execve is found, in every directory.
func TestExecves(t *testing.T) {
	for _, row := range []struct{ name, file, text, want string }{
		{"a call", "a.go", `import "syscall"; func f() { syscall.Exec("", nil, nil) }`, "syscall.Exec"},
		{"by another name", "a.go", `import x "golang.org/x/sys/unix"; func f() { x.Exec("", nil, nil) }`, "unix.Exec"},
		{"by runc's own function", "a.go", `import "` + runcPath + `/internal/linux"; func f() { linux.Exec("", nil, nil) }`, "linux.Exec"},
		{"passed on", "a.go", `import "syscall"; var f = syscall.Exec`, "syscall.Exec"},
		{"over two lines", "a.go", "import \"syscall\"\nfunc f() { syscall.\n\tExec(\"\", nil, nil) }", "syscall.Exec"},
		{"without a package's name", "a.go", `import . "syscall"; var f = Exec`, `import . "syscall"`},
		{"by number", "a.go", `import "golang.org/x/sys/unix"; func f() { unix.RawSyscall(unix.SYS_EXECVEAT, 0, 0, 0) }`, "unix.SYS_EXECVEAT"},
		{"by a number without a name", "a.go", `import "syscall"; func f() { syscall.RawSyscall6(59, 0, 0, 0, 0, 0, 0) }`, "syscall.RawSyscall6 of a number that is not named"},
		{"by a link", "a.go", "import _ \"unsafe\"\n//go:linkname f syscall.runtime_execve\nfunc f()", "//go:linkname f syscall.runtime_execve"},
		{"in a file for another system", "a_windows.go", `import "syscall"; var f = syscall.Exec`, "syscall.Exec"},
		{"in C", "a.c", "void f() { fexecve(fd, argv, envp); }", "fexecve"},
		{"in C, by number", "a.h", "#define f() syscall(SYS_execveat, 0)", "SYS_execveat"},

		{"another call", "a.go", `import "golang.org/x/sys/unix"; func f() { unix.Syscall(unix.SYS_GETPID, 0, 0, 0) }`, ""},
		{"a child", "a.go", `import ("os"; "os/exec"); func f() { exec.Command("").Run(); os.StartProcess("", nil, nil) }`, ""},
		{"a method", "a.go", `func f(c interface{ Exec() }) { c.Exec() }`, ""},
		{"words", "a.go", "// syscall.Exec(\nconst f = \"unix.Exec(\"", ""},
		{"another function in C", "a.c", "int execveish(void);", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir, text := t.TempDir(), row.text
			if filepath.Ext(row.file) == ".go" {
				text = "package p\n" + text
			}
			write(t, filepath.Join(dir, "deep/er", row.file), text)
			var want []string
			if row.want != "" {
				want = []string{"deep/er/" + row.file + ": " + row.want}
			}
			if got, err := execves(dir); err != nil || !slices.Equal(got, want) {
				t.Errorf("got %q, %v; want %q", got, err, want)
			}
		})
	}
}

func TestExecvesNeedsGo(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.go"), "package")
	if found, err := execves(dir); err == nil {
		t.Errorf("a file that cannot be read as Go: %q", found)
	}
}
