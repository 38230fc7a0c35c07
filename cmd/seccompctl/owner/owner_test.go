package owner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const boot = 1795800000 // seconds

// write makes a file with its folders.
func write(t *testing.T, text string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func process(t *testing.T, proc string, pid int, ticks int, cgroup string) {
	t.Helper()
	dir := filepath.Join(proc, fmt.Sprint(pid))
	write(t, cgroup, dir, "cgroup")
	write(t, fmt.Sprintf("%d (a ) R 1) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 %d 20\n", pid, ticks), dir, "stat")
}

func TestFind(t *testing.T) {
	proc, state := t.TempDir(), t.TempDir()
	write(t, fmt.Sprintf("cpu 1 2\nbtime %d\nprocesses 1\n", boot), proc, "stat")
	tasks := filepath.Join(state, "io.containerd.runtime.v2.task")
	write(t, `{"linux":{"cgroupsPath":"/default/app"}}`, tasks, "default/app/config.json")
	write(t, `{"linux":{"cgroupsPath":"/default/app-2"}}`, tasks, "default/app-2/config.json")
	write(t, `{"linux":{"cgroupsPath":"kubepods-pod1.slice:cri-containerd:0123"},"annotations":{"io.kubernetes.cri.sandbox-name":"web",
		"io.kubernetes.cri.sandbox-namespace":"shop","io.kubernetes.cri.container-name":"nginx"}}`, tasks, "k8s.io/0123/config.json")
	write(t, `{"linux":{"cgroupsPath":""}}`, tasks, "default/none/config.json")
	write(t, `{`, tasks, "default/half/config.json")

	at := time.Unix(boot+100, 0)
	for i, row := range []struct {
		cgroup string
		ticks  int
		want   string
		err    error
	}{
		{"8:pids:/default/app\n0::/\n", 50, "app", nil},
		{"0::/default/app-2\n", 50, "app-2", nil},
		{"0::/default/app/default/app-2\n", 50, "app", nil}, // made by the container
		{"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-0123.scope/child\n", 50, "shop/web/nginx", nil},
		{"0::/system.slice/sshd.service\n", 50, "", ErrNone},
		{"0::/\n", 50, "", ErrNone},
		{"", 50, "", ErrEnded},
		{"0::/default/app\n", 100 * 200, "", ErrEnded}, // a later process with the same pid
	} {
		f := &Finder{Proc: proc, State: state}
		process(t, proc, 10+i, row.ticks, row.cgroup)
		c, err := f.Find(10+i, at)
		got := ""
		if c != nil {
			got = c.Name()
		}
		if got != row.want || !errors.Is(err, row.err) {
			t.Errorf("%q: got %q, %v", row.cgroup, got, err)
		}
	}
}

// The container of a process is known after the process has ended, until its pid is another
// process's.
func TestFindEnded(t *testing.T) {
	proc, state := t.TempDir(), t.TempDir()
	write(t, fmt.Sprintf("cpu 1 2\nbtime %d\n", boot), proc, "stat")
	write(t, `{"linux":{"cgroupsPath":"/default/app"}}`, state, "io.containerd.runtime.v2.task/default/app/config.json")
	f := &Finder{Proc: proc, State: state}
	process(t, proc, 7, 50, "0::/default/app\n")
	at := time.Unix(boot+100, 0)
	if _, err := f.Find(7, at); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.RemoveAll(filepath.Join(proc, "7")), os.RemoveAll(filepath.Join(state, "io.containerd.runtime.v2.task"))); err != nil {
		t.Fatal(err)
	}
	if c, err := f.Find(7, at); err != nil || c.ID != "app" || c.Namespace != "default" {
		t.Errorf("got %+v, %v", c, err)
	}
	process(t, proc, 7, 100*200, "0::/system.slice\n")
	if c, err := f.Find(7, at.Add(200*time.Second)); !errors.Is(err, ErrNone) {
		t.Errorf("got %+v, %v", c, err)
	}
	if _, err := f.Find(8, at); !errors.Is(err, ErrEnded) {
		t.Errorf("got %v", err)
	}
}
