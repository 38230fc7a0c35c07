package testbed

import (
	"os"
	"testing"
)

func TestParseStat(t *testing.T) {
	p, err := parseStat("42 (a) b (c)) S 7 42 42 0 -1\n")
	if err != nil || p.pid != 42 || p.parent != 7 || p.state != "S" || p.comm != "a) b (c)" {
		t.Errorf("got %+v, %v", p, err)
	}
	for _, bad := range []string{"", "42", "42 (a)", "42 (a) S", "x (a) S 1", "1 )a( S 1"} {
		if p, err := parseStat(bad); err == nil {
			t.Errorf("%q: got %+v", bad, p)
		}
	}
}

func TestParseMounts(t *testing.T) {
	got := parseMounts("36 35 98:0 /sub /mnt rw,noatime master:1 propagate_from:2 - ext4 /dev/root rw,errors=continue\n" +
		"37 35 0:5 / /none rw - tmpfs tmpfs rw\nnonsense\n")
	want := []mount{{"/sub", "/mnt", "ext4", "/dev/root rw,errors=continue"}, {"/", "/none", "tmpfs", "tmpfs rw"}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %+v", got)
	}
}

// allProcesses finds this test by its pid, with its parent and its arguments.
func TestAllProcesses(t *testing.T) {
	for _, p := range allProcesses() {
		if p.pid == os.Getpid() {
			if p.parent != os.Getppid() || len(p.args) != len(os.Args) || p.cwd == "" {
				t.Errorf("got %+v", p)
			}
			return
		}
	}
	t.Error("this process is not among them")
}

func TestServes(t *testing.T) {
	tests := []struct {
		name string
		p    process
		want bool
	}{
		{"shim", process{args: []string{"shim", "-id", "a"}}, true},
		{"other shim", process{args: []string{"shim", "-id", "ab"}}, false},
		{"in bundle", process{cwd: "/node/state/tasks/default/a"}, true},
		{"in bundle's rootfs", process{cwd: "/node/state/tasks/default/a/rootfs"}, true},
		{"v1 cgroup", process{cgroups: "9:pids:/default/b\n8:cpu:/default/a\n"}, true},
		{"v2 cgroup below", process{cgroups: "0::/default/a/init\n"}, true},
		{"systemd's cgroup", process{cgroups: "0::/kube.slice/cri-a.scope\n"}, true},
		{"similar cgroup", process{cgroups: "0::/default/aa\n"}, false},
	}
	for _, test := range tests {
		if got := test.p.serves("a"); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}
