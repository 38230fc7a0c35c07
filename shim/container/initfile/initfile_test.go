package initfile

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// executedEnv makes this binary a program that says that it runs.
const executedEnv = "SECCOMP_SHIM_TEST_EXECUTED"

func TestMain(m *testing.M) {
	if os.Getenv(executedEnv) != "" {
		return
	}
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		panic(err)
	}
	if buildID, err = readBuildID(self); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// install copies this binary, whose build ID is the wanted one, into a folder under Name.
func install(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	copySelf(t, filepath.Join(folder, Name))
	return folder
}

func copySelf(t *testing.T, path string) {
	t.Helper()
	if err := copyFile("/proc/self/exe", path); err != nil {
		t.Fatal(err)
	}
}

func mustOpen(t *testing.T, folder, dir string) *File {
	t.Helper()
	f, err := Open(folder, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// mustExecute runs what Executable returns, and returns it.
func mustExecute(t *testing.T, f *File) *os.File {
	t.Helper()
	executable, err := f.Executable(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { executable.Close() })
	cmd := exec.Command("/proc/self/fd/3")
	cmd.ExtraFiles = []*os.File{executable}
	cmd.Env = []string{executedEnv + "=1"}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("execute: %v: %s", err, out)
	}
	return executable
}

func TestOpen(t *testing.T) {
	folder := install(t)
	mustExecute(t, mustOpen(t, folder, t.TempDir()))

	t.Run("behind a link", func(t *testing.T) {
		linked := t.TempDir()
		if err := os.Symlink(filepath.Join(folder, Name), filepath.Join(linked, Name)); err != nil {
			t.Fatal(err)
		}
		mustExecute(t, mustOpen(t, linked, t.TempDir()))
	})
}

func TestFilesThatAreRefused(t *testing.T) {
	for _, row := range []struct {
		fact string
		make func(path string) error
		want string
	}{
		{"none", func(string) error { return nil }, "no such file or directory"},
		{"a directory", func(path string) error { return os.Mkdir(path, 0o755) }, "it is no executable file: its mode is d"},
		{"a FIFO", func(path string) error { return unix.Mkfifo(path, 0o755) }, "it is no executable file: its mode is p"},
		{"a link to nothing", func(path string) error { return os.Symlink("nothing", path) }, "no such file or directory"},
		{"a link to itself", func(path string) error { return os.Symlink(path, path) }, "too many links"},
		{"a script", func(path string) error {
			return os.WriteFile(path, []byte("#!/bin/sh\n"+strings.Repeat("#", 100)), 0o755)
		}, "it is no ELF file: bad magic number"},
		{"an empty file", func(path string) error { return os.WriteFile(path, nil, 0o755) }, "it is no ELF file: EOF"},
		{"a file that is not executable", func(path string) error { return os.Chmod(path, 0o644) }, "it is no executable file: its mode is -rw-r--r--"},
		{"a program that Go has not built", func(path string) error { return copyFile("/bin/true", path) }, "it has no Go build ID"},
		{"a file that is cut off", func(path string) error { return os.Truncate(path, 5000) }, "EOF"},
	} {
		t.Run(row.fact, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, Name)
			if strings.HasPrefix(row.fact, "a file that") {
				copySelf(t, path)
			}
			if err := row.make(path); err != nil {
				t.Fatal(err)
			}
			_, err := Open(folder, t.TempDir())
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), row.want) {
				t.Errorf("the error is %v, want %q", err, row.want)
			}
		})
	}
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o755)
}

// A file of another build may speak another protocol with the shim.
func TestOtherBuildIsRefused(t *testing.T) {
	folder := install(t)
	right := buildID
	defer func() { buildID = right }()
	buildID = "another"
	_, err := Open(folder, t.TempDir())
	for _, want := range []string{filepath.Join(folder, Name), right, `"another"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
	buildID = ""
	if _, err := Open(folder, t.TempDir()); err != ErrNone {
		t.Errorf("a shim without a build ID: %v", err)
	}
}

// A node's files are replaced and removed under running shims.
func TestFileIsKept(t *testing.T) {
	for _, row := range []struct {
		fact string
		dir  func(t *testing.T, folder string) string
	}{
		{"by a view", func(t *testing.T, _ string) string { return t.TempDir() }},
		{"by a copy", func(_ *testing.T, folder string) string { return folder }},
	} {
		t.Run(row.fact, func(t *testing.T) {
			folder := install(t)
			path := filepath.Join(folder, Name)
			f := mustOpen(t, folder, row.dir(t, folder))
			replacement := filepath.Join(t.TempDir(), "new")
			if err := os.WriteFile(replacement, []byte("#!/bin/false\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := copyFile(replacement, path+".new"); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(path+".new", path); err != nil {
				t.Fatal(err)
			}
			mustExecute(t, f)
			if err := os.RemoveAll(folder); err != nil {
				t.Fatal(err)
			}
			mustExecute(t, f)
		})
	}
}

// A container can open the file that its init is executed from.
func TestExecutableCannotBeWritten(t *testing.T) {
	for _, row := range []struct {
		fact string
		dir  func(t *testing.T, folder string) string
	}{
		{"a view", func(t *testing.T, _ string) string { return t.TempDir() }},
		{"a copy", func(_ *testing.T, folder string) string { return folder }},
	} {
		t.Run(row.fact, func(t *testing.T) {
			folder := install(t)
			executable := mustExecute(t, mustOpen(t, folder, row.dir(t, folder)))
			for _, flags := range []int{os.O_WRONLY, os.O_RDWR, os.O_RDWR | os.O_TRUNC} {
				opened, err := os.OpenFile(descriptorPath(executable), flags, 0)
				if err != nil {
					continue
				}
				defer opened.Close()
				if n, err := io.WriteString(opened, "x"); err == nil {
					t.Errorf("flags %#x: %d bytes were written", flags, n)
				}
				if err := opened.Truncate(0); err == nil {
					t.Errorf("flags %#x: the file was truncated", flags)
				}
			}
			if content, err := os.ReadFile(filepath.Join(folder, Name)); err != nil || len(content) < 5000 {
				t.Errorf("the file has %d bytes (%v)", len(content), err)
			}
		})
	}
}
