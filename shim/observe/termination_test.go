package observe

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"seccomp-shim/seccomp/denials"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// kubeletsFolder returns the folder of a container's termination message files, as the
// kubelet makes it.
func kubeletsFolder(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("the folder must belong to root")
	}
	dir := filepath.Join(t.TempDir(), "pods", "1234-uid", "containers", "web")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	return dir
}

func specWith(source string, annotations ...string) *specs.Spec {
	s := &specs.Spec{Annotations: map[string]string{denials.ContainerName: "web"}}
	for i := 0; i < len(annotations); i += 2 {
		s.Annotations[annotations[i]] = annotations[i+1]
	}
	s.Mounts = []specs.Mount{{Source: "/dev", Destination: "/dev"}, {Source: source, Destination: "/dev/termination-log"}}
	return s
}

// The file is found by the kubelet's path, for this container and this pod only.
func TestTerminationFile(t *testing.T) {
	const path = "/var/lib/kubelet/pods/1234-uid/containers/web/0123abcd"
	for _, row := range []struct {
		spec *specs.Spec
		want string
	}{
		{specWith(path), path},
		{specWith(path, denials.PodUID, "1234-uid"), path},
		{specWith(path, denials.PodUID, "other"), ""},
		{specWith(path, denials.ContainerName, "db"), ""},
		{specWith(path, denials.ContainerName, ""), ""},
		{specWith("/var/lib/kubelet/pods/1234-uid/containers/web/0123abcd/sub"), ""},
		{specWith("/var/lib/kubelet/pods/1234-uid/volumes/web/0123abcd"), ""},
		{specWith("/var/lib/kubelet/pods/1234-uid/containers/web/0123abcg"), ""},
		{specWith("/var/lib/kubelet/pods/1234-uid/containers/web/0123abc"), ""},
		{specWith("/x/../var/lib/kubelet/pods/1234-uid/containers/web/0123abcd"), ""},
		{specWith("pods/1234-uid/containers/web/0123abcd"), ""},
		{specWith("/etc/passwd"), ""},
	} {
		if got := terminationFile(row.spec); got != row.want {
			t.Errorf("%v, %v: got %q", row.spec.Mounts, row.spec.Annotations, got)
		}
	}
}

// The message is written to an empty regular file that only root could have put there.
func TestTerminationMessage(t *testing.T) {
	write := func(path string, content string) error { return os.WriteFile(path, []byte(content), 0o666) }
	for _, row := range []struct {
		fact    string
		prepare func(dir, path string) error
		want    string // what the file has then; "-" if it is no readable file
		error   string // a part; empty for none
	}{
		{"empty", func(_, path string) error { return write(path, "") }, "message", ""},
		{"the container's own", func(_, path string) error { return write(path, "own") }, "own", ""},
		{"a link", func(dir, path string) error {
			return firstError(write(dir+"/target", ""), os.Symlink(dir+"/target", path))
		}, "", "too many levels of symbolic links"},
		{"a link to nothing", func(dir, path string) error { return os.Symlink(dir+"/nothing", path) }, "-", "symbolic links"},
		{"a second name", func(dir, path string) error { return firstError(write(path, ""), os.Link(path, dir+"/second")) }, "", "one name"},
		{"a FIFO", func(_, path string) error { return unix.Mkfifo(path, 0o666) }, "-", "no such device or address"},
		{"a folder", func(_, path string) error { return os.Mkdir(path, 0o777) }, "-", "is a directory"},
		{"nothing", func(string, string) error { return nil }, "-", "no such file"},
		{"in a folder of others", func(dir, path string) error { return firstError(write(path, ""), os.Chmod(dir, 0o777)) }, "", "changed by others"},
		{"in a folder of another user", func(dir, path string) error { return firstError(write(path, ""), os.Chown(dir, 1, 0)) }, "", "changed by others"},
	} {
		t.Run(row.fact, func(t *testing.T) {
			dir := kubeletsFolder(t)
			path := filepath.Join(dir, "0123abcd")
			if err := row.prepare(dir, path); err != nil {
				t.Fatal(err)
			}
			err := writeTerminationMessage(specWith(path), "message")
			if (err == nil) != (row.error == "") || err != nil && (!strings.Contains(err.Error(), row.error) || !strings.Contains(err.Error(), dir)) {
				t.Errorf("error %v, want %q", err, row.error)
			}
			if row.want == "-" {
				return
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != row.want {
				t.Errorf("the file has %q, %v", got, err)
			}
		})
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
