package resolve

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/mistake/mistaketest"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/seccomptest"
)

const (
	inside  = `{"defaultAction":"SCMP_ACT_LOG"}`
	outside = `{"defaultAction":"SCMP_ACT_ALLOW"}`
)

// profileRoot returns a folder with profiles. Beside it is a profile that no path may
// reach.
func profileRoot(t testing.TB) string {
	t.Helper()
	top := t.TempDir()
	root := filepath.Join(top, "root")
	seccomptest.Must(t, os.MkdirAll(filepath.Join(root, "folder"), 0o755))
	for path, text := range map[string]string{
		"outside.json":          outside,
		"root/inside.json":      inside,
		"root/folder/deep.json": inside,
		"root/limit.json":       seccomptest.Padded(inside, 1<<20),
		"root/large.json":       seccomptest.Padded(inside, 1<<20+1),
		"root/3MiB.json":        seccomptest.Padded(inside, 3<<20),
		"root/unconfined.json":  `{}`,
		"root/secret.json":      inside,
	} {
		seccomptest.Must(t, os.WriteFile(filepath.Join(top, path), []byte(text), 0o644))
	}
	for link, target := range map[string]string{
		"sibling":          "inside.json",
		"folder/up":        "../inside.json",
		"folder/folder-up": "../..",
		"folder-link":      "folder",
		"absolute-out":     filepath.Join(top, "outside.json"),
		"relative-out":     "../outside.json",
		"folder-out":       "..",
		"out-and-in":       "../root/inside.json",
		"absolute-in":      filepath.Join(root, "inside.json"),
		"link-to-escape":   "relative-out",
		"loop":             "loop",
		"dangling":         "nowhere",
	} {
		seccomptest.Must(t, os.Symlink(target, filepath.Join(root, link)))
	}
	seccomptest.Must(t, unix.Mkfifo(filepath.Join(root, "fifo"), 0o644))
	seccomptest.Must(t, os.Chmod(filepath.Join(root, "secret.json"), 0))
	return root
}

func TestLocalhostLoads(t *testing.T) {
	root := profileRoot(t)
	for _, path := range []string{
		"inside.json", "folder/deep.json", "folder/../inside.json", "limit.json",
		"sibling", "folder/up", "folder-link/deep.json",
	} {
		t.Run(path, func(t *testing.T) {
			p, err := load(t, root, path)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Spec().DefaultAction; got != specs.ActLog {
				t.Errorf("loaded a profile with %s, want the one inside", got)
			}
		})
	}
}

func TestLocalhostRefused(t *testing.T) {
	root := profileRoot(t)
	for _, row := range []struct {
		fact, root, path string
		is               error // for errors.Is; nil if the reason has no variable
		says             []string
	}{
		{"a path up", root, "../outside.json", nil, []string{"escapes"}},
		{"a path up later", root, "folder/../../outside.json", nil, []string{"escapes"}},
		{"an absolute path", root, "/outside.json", nil, []string{"escapes"}},
		{"an absolute link out", root, "absolute-out", nil, []string{"escapes", `symbolic link "absolute-out" to "` + filepath.Dir(root) + `/outside.json"`, "profile_root"}},
		{"a relative link out", root, "relative-out", nil, []string{"escapes", `symbolic link "relative-out" to "../outside.json"`}},
		{"a link to a link out", root, "link-to-escape", nil, []string{"escapes", `symbolic link "relative-out" to "../outside.json"`}},
		{"a link to a folder outside", root, "folder-out/outside.json", nil, []string{"escapes", `symbolic link "folder-out" to ".."`}},
		{"a folder outside by way of a link in a folder", root, "folder-link/folder-up/outside.json", nil, []string{"escapes", `symbolic link "folder/folder-up" to "../.."`}},
		{"a link out and in again", root, "out-and-in", nil, []string{"escapes", `symbolic link "out-and-in" to "../root/inside.json"`}},
		{"an absolute link, even into the root", root, "absolute-in", nil, []string{"escapes", `symbolic link "absolute-in" to "` + root + `/inside.json"`, "must be relative"}},
		{"a loop of links", root, "loop", nil, nil},
		{"a dangling link", root, "dangling", fs.ErrNotExist, nil},
		{"a folder", root, "folder", nil, []string{"not a regular file", "d"}},
		{"the root", root, ".", nil, []string{"not a regular file", "d"}},
		{"a FIFO without a writer", root, "fifo", nil, []string{"not a regular file", "p"}},
		{"a missing file", root, "missing.json", fs.ErrNotExist, nil},
		{"a file in a missing folder", root, "nowhere/missing.json", fs.ErrNotExist, nil},
		{"a file as a folder", root, "inside.json/x", unix.ENOTDIR, nil},
		{"a path with a NUL", root, "a\x00b", unix.EINVAL, nil},
		{"a file of 1 MiB and a byte", root, "large.json", nil, []string{"1048577", "1048576"}},
		{"a file of 3 MiB", root, "3MiB.json", nil, []string{"3145728", "1048576"}},
		{"an invalid profile", root, "unconfined.json", nil, []string{"defaultAction", `""`}},
		{"a root that is missing", root + "/missing", "a.json", fs.ErrNotExist, []string{"profile_root: open " + root + "/missing:"}},
		{"a root that is a file", root + "/inside.json", "a.json", nil, []string{"profile_root: ", "not a directory"}},
		{"the kubelet's root by default", "", "no/such/seccomp-shim.json", fs.ErrNotExist, nil},
	} {
		t.Run(row.fact, func(t *testing.T) {
			_, err := load(t, row.root, row.path)
			mustFail(t, err, row.root, row.path, row.is, row.says...)
		})
	}
}

func TestLocalhostUnreadable(t *testing.T) {
	root := profileRoot(t)
	asNobody(t, root)
	if _, err := load(t, root, "inside.json"); err != nil {
		t.Fatal(err)
	}
	_, err := load(t, root, "secret.json")
	mustFail(t, err, root, "secret.json", fs.ErrPermission)

	seccomptest.Must(t, os.Chmod(root, 0))
	t.Cleanup(func() { seccomptest.Must(t, os.Chmod(root, 0o755)) })
	_, err = load(t, root, "inside.json")
	mustFail(t, err, root, "inside.json", fs.ErrPermission)
}

// load loads a profile by an annotation. If resolve refuses the path before any file is
// opened, it loads the path without resolve: each guard must hold without the other.
func load(t *testing.T, root, path string) (*seccomp.Profile, error) {
	t.Helper()
	started := time.Now()
	// If the reader waits for a writer of the FIFO, end that after a while.
	rescue := time.AfterFunc(5*time.Second, func() {
		if w, err := os.OpenFile(filepath.Join(root, path), os.O_WRONLY|unix.O_NONBLOCK, 0); err == nil {
			w.Close()
		}
	})
	defer rescue.Stop()
	choice := Choice{Source: Localhost, Path: path, Origin: ours, request: request{Options: Options{ProfileRoot: root}}}
	if c, err := resolve(request{Annotations: map[string]string{ours: "Localhost/" + path}, Options: Options{ProfileRoot: root}}); err == nil {
		choice = c
	}
	p, err := choice.Load()
	if took := time.Since(started); took > time.Second {
		t.Errorf("took %v", took)
	}
	return p, err
}

// mustFail checks that the error names the annotation and the full path of the profile.
func mustFail(t *testing.T, err error, root, path string, is error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("loaded")
	}
	if is != nil && !errors.Is(err, is) {
		t.Errorf("%v is not %v", err, is)
	}
	if root == "" {
		root = "/var/lib/kubelet/seccomp"
	}
	full := strings.ReplaceAll(filepath.Join(root, path), "\x00", `\x00`)
	mistaketest.MustSay(t, err.Error(), append(parts, ours, `"`+full+`"`))
}

// asNobody takes root's right to read all files from the test's thread, and makes nobody
// the owner of its files.
func asNobody(t *testing.T, root string) {
	t.Helper()
	const nobody = 65534
	if os.Geteuid() != 0 {
		return
	}
	// Up to the folder of package testing, which only its owner may enter.
	for _, path := range []string{"secret.json", ".", "..", "../.."} {
		seccomptest.Must(t, os.Chown(filepath.Join(root, path), nobody, nobody))
	}
	runtime.LockOSThread()
	seccomptest.Must(t, unix.Setfsuid(nobody))
	t.Cleanup(func() {
		seccomptest.Must(t, unix.Setfsuid(0))
		runtime.UnlockOSThread()
	})
}

// The error for a file has the message of ParseFile, after the name of the file.
func TestLocalhostFilesAreParsed(t *testing.T) {
	const folder = "../testdata/written"
	files, err := os.ReadDir(folder)
	seccomptest.Must(t, err)
	if len(files) == 0 {
		t.Fatal("no files")
	}
	for _, file := range files {
		t.Run(file.Name(), func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(folder, file.Name()))
			seccomptest.Must(t, err)
			_, parsed := seccomp.ParseFile(data, seccomp.Place{})
			_, loaded := load(t, folder, file.Name())
			if parsed == nil {
				seccomptest.Must(t, loaded)
				return
			}
			mustFail(t, loaded, folder, file.Name(), nil, parsed.Error())
		})
	}
}
