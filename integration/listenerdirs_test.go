package integration

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	runtimeoptions "github.com/containerd/containerd/api/types/runtimeoptions/v1"

	"seccomp-shim/integration/testbed"
)

// The author of a profile names the socket that the shim connects to as root
// (linux.seccomp.listenerPath). The option listener_dirs names the folders for it. No
// symbolic link leads out of them, even if it is made after the check in create.
func TestListenerDirs(t *testing.T) {
	t.Parallel()
	skipWithoutNotify(t)
	inside, outside := listen(t), listen(t)
	dir := filepath.Dir(inside.path)
	link := filepath.Join(dir, "link.sock")
	if err := os.Symlink(outside.path, link); err != nil {
		t.Fatal(err)
	}
	folderLink := filepath.Join(dir, "folder")
	if err := os.Symlink(filepath.Dir(outside.path), folderLink); err != nil {
		t.Fatal(err)
	}
	absent := filepath.Join(dir, "absent")
	for _, row := range []struct {
		fact, dirs, path string
		says             []string // nil if the profile is accepted
	}{
		{"a socket in the folder", fmt.Sprintf("[%q]", dir), inside.path, nil},
		{"in the second folder", fmt.Sprintf("[%q, %q]", filepath.Dir(outside.path), dir), inside.path, nil},
		{"in a folder further up", fmt.Sprintf("[%q]", filepath.Dir(dir)), inside.path, nil},
		{"elsewhere", fmt.Sprintf("[%q]", dir), outside.path, []string{"listenerPath", outside.path, "listener_dirs", dir}},
		{"elsewhere by ..", fmt.Sprintf("[%q]", dir), dir + "/../" + filepath.Base(filepath.Dir(outside.path)) + "/agent.sock",
			[]string{"listenerPath", "agent.sock", "listener_dirs", dir}},
		{"in a folder whose name begins alike", fmt.Sprintf("[%q]", dir[:len(dir)-1]), inside.path, []string{"listenerPath", inside.path, "listener_dirs"}},
		{"by a symbolic link", fmt.Sprintf("[%q]", dir), link, []string{"listenerPath", link, "listener_dirs", dir}},
		{"by a link to a folder", fmt.Sprintf("[%q]", dir), folderLink + "/agent.sock", []string{"listenerPath", folderLink, "listener_dirs", dir}},
		{"no folder at all", "[]", inside.path, []string{"listenerPath", inside.path, "listener_dirs", "[]"}},
		{"a folder that is not there", fmt.Sprintf("[%q]", absent), absent + "/agent.sock", []string{"listenerPath", absent, "no such file"}},
		{"the folder itself", fmt.Sprintf("[%q]", dir), dir, []string{"listenerPath", dir, "not a socket"}},
		{"any folder", "", outside.path, nil},
	} {
		t.Run(row.fact, func(t *testing.T) {
			p := profile(t, notifyRules)
			p.ListenerPath = row.path
			handler := &runtimeoptions.Options{ConfigBody: fmt.Appendf(nil, "profile_root = %q\n", profileRoot)}
			if row.dirs != "" {
				handler.ConfigBody = fmt.Appendf(handler.ConfigBody, "listener_dirs = %s\n", row.dirs)
			}
			id := newID(t)
			made := newContainerWith(t, id, handler, calls(call("getpgid", 0)), under(p))
			if row.says != nil {
				mustFail(t, id, made, row.says, true)
				return
			}
			task, err := made.NewTask(bounded(t), toStreams(nil, nil, nil))
			if err != nil {
				t.Fatal(err)
			}
			if err := task.Start(bounded(t)); err != nil {
				t.Fatal(err)
			}
			if row.path == inside.path {
				inside.next(t)
			} else {
				outside.next(t)
			}
		})
	}
}

func TestListenerLeavesItsFolderLater(t *testing.T) {
	t.Parallel()
	skipWithoutNotify(t)
	outside := listen(t)
	dir := t.TempDir()
	p := profile(t, notifyRules)
	p.ListenerPath = filepath.Join(dir, "agent.sock")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: p.ListenerPath})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	handler := &runtimeoptions.Options{ConfigBody: fmt.Appendf(nil, "listener_dirs = [%q]\n", dir)}
	made := newContainerWith(t, newID(t), handler, calls("hold"), under(p))
	task, err := made.NewTask(bounded(t), toStreams(nil, nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(p.ListenerPath); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside.path, p.ListenerPath); err != nil {
		t.Fatal(err)
	}
	err = task.Start(bounded(t))
	if err == nil || !strings.Contains(err.Error(), "listener_dirs") || !strings.Contains(err.Error(), p.ListenerPath) {
		t.Errorf("start: %v", err)
	}
	if testbed.HoldsWithin(patience/20, func() bool { return len(outside.states) > 0 }) {
		t.Error("the shim has connected to a socket outside of the folder")
	}
}
