package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	libseccomp "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
)

// machine describes the machine of a run, and the versions of the software on it.
type machine struct {
	Time       time.Time         `json:"time"`
	Kernel     string            `json:"kernel"`
	CPU        string            `json:"cpu"`
	CPUs       int               `json:"cpus"`
	Load       string            `json:"loadAverage"` // before the run
	System     string            `json:"system"`
	Cgroups    string            `json:"cgroups"` // v1 or v2
	Libseccomp string            `json:"libseccomp"`
	Go         string            `json:"go"`
	Versions   map[string]string `json:"versions"`
}

func describeMachine(s settings, peers []*peer) machine {
	major, minor, micro := libseccomp.GetLibraryVersion()
	m := machine{
		Time:       time.Now().UTC().Truncate(time.Second),
		Kernel:     firstOf("/proc/sys/kernel/osrelease"),
		CPU:        unknown,
		CPUs:       runtime.NumCPU(),
		Load:       firstOf("/proc/loadavg"),
		System:     unknown,
		Cgroups:    cgroupVersion(),
		Libseccomp: fmt.Sprintf("%d.%d.%d", major, minor, micro),
		Go:         runtime.Version(),
		Versions:   map[string]string{ours: shimVersion(s.bin)},
	}
	if model, err := field("/proc/cpuinfo", "model name"); err == nil {
		m.CPU = model
	}
	release, _ := os.ReadFile("/etc/os-release") // not on all systems
	for line := range strings.Lines(string(release)) {
		if name, ok := strings.CutPrefix(line, "PRETTY_NAME="); ok {
			m.System = strings.Trim(strings.TrimSpace(name), `"`)
		}
	}
	for _, p := range peers[1:] {
		m.Versions[p.name] = strings.TrimPrefix(p.version, p.name+" version ")
	}
	if line, err := firstLine(filepath.Join(s.bin, "containerd"), "--version"); err == nil {
		if words := strings.Fields(line); len(words) > 2 {
			m.Versions["containerd"] = words[2]
		}
	}
	return m
}

// cgroupVersion returns v2 only on a host whose whole hierarchy is unified (cgroups(7)).
// libcontainer and crun decide by the same rule.
func cgroupVersion() string {
	var root unix.Statfs_t
	if err := unix.Statfs("/sys/fs/cgroup", &root); err != nil {
		return unknown
	}
	if root.Type == unix.CGROUP2_SUPER_MAGIC {
		return "v2"
	}
	return "v1"
}

const unknown = "unknown"

func firstOf(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return unknown
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

// shimVersion returns the version that the shim prints.
func shimVersion(bin string) string {
	out, err := exec.Command(filepath.Join(bin, testbed.ShimBinary(shimRuntime)), "-v").Output()
	if err != nil {
		return unknown
	}
	for line := range strings.Lines(string(out)) {
		if version, ok := strings.CutPrefix(strings.TrimSpace(line), "Version:"); ok {
			return strings.TrimSpace(version)
		}
	}
	return unknown
}
