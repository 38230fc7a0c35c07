package installer

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// standardFolders is the PATH that systemd gives to containerd, after systemd.exec(5).
var standardFolders = []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// programs are the binaries to install, in this order. Each runs, and ends, with the
// argument. A shim that starts between two of them finds an init of another build, and is
// its own containers' init then.
var programs = []struct{ name, try string }{{"seccomp-shim-init", "-v"}, {shimName, "-v"}, {"seccompctl", "--version"}}

const shimName = "containerd-shim-seccomp-v1"

// settings come from environment variables: see Usage.
type settings struct {
	payload    string // the folder with what is installed
	config     string
	binDir     string
	profileDir string
	state      string // says what of all this is ours
	run        string
	address    string  // containerd's socket; "" for what its configuration says
	restart    *string // the command that restarts containerd; nil for systemd's
	floor      string  // a profile's file that becomes the handler's floor; "" for none
	// floorObserve is the handler's option floor_observe.
	floorObserve string
}

// newSettings reads the environment. root is "/", except in tests.
func newSettings(root, payload string, getenv func(string) (string, bool)) settings {
	value := func(name, otherwise string) string {
		v, _ := getenv(name)
		return cmp.Or(v, otherwise)
	}
	s := settings{
		payload:    payload,
		config:     value("CONTAINERD_CONFIG", defaultConfig(root)),
		profileDir: value("PROFILE_DIR", "/var/lib/kubelet/seccomp/profiles"),
		state:      value("STATE_DIR", "/var/lib/seccomp-shim"),
		run:        value("RUN_DIR", "/run/seccomp-shim-installer"),
		address:    value("CONTAINERD_ADDRESS", ""),
		floor:      value("FLOOR", ""),

		floorObserve: value("FLOOR_OBSERVE", ""),
	}
	s.binDir = value("BIN_DIR", s.defaultBinDir())
	if command, ok := getenv("RESTART"); ok {
		s.restart = &command
	}
	return s
}

// defaultConfig is the configuration of the containerd that the kubelet uses: k3s and
// RKE2 start one of their own, on this socket.
func defaultConfig(root string) string {
	if exists(filepath.Join(root, "run/k3s/containerd/containerd.sock")) {
		for _, name := range []string{"k3s", "rke2"} {
			if file := filepath.Join(root, "var/lib/rancher", name, rancherConfig); exists(file) {
				return file
			}
		}
	}
	return filepath.Join(root, "etc/containerd/config.toml")
}

// defaultBinDir returns the folder of a package's binaries if the payload has links to
// them: a second copy elsewhere would not be upgraded with the package.
func (s *settings) defaultBinDir() string {
	shim := filepath.Join(s.payload, shimName)
	if info, err := os.Lstat(shim); err == nil && info.Mode()&os.ModeSymlink != 0 {
		if target, err := filepath.EvalSymlinks(shim); err == nil {
			return filepath.Dir(target)
		}
	}
	return cmp.Or(s.recordedBinDir(), "/usr/local/bin")
}

// recordedBinDir returns the folder of the last installation's binaries, or "".
func (s *settings) recordedBinDir() string {
	folder, err := os.ReadFile(s.stateFile("bin"))
	if err != nil && exists(s.record()) {
		return "/usr/local/bin" // the state of a version before v1.1 does not name it
	}
	return strings.TrimSpace(string(folder))
}

func (s *settings) stateFile(name string) string { return filepath.Join(s.state, name) }

// record returns the path of the handler as the installer wrote it. Without that file,
// nothing in the configuration is ours.
func (s *settings) record() string { return s.stateFile("seccomp.toml") }

// pending returns the path of a file that exists from the first change until after the
// restart. If a run is killed in between, the next one restarts containerd.
func (s *settings) pending() string { return filepath.Join(s.run, "restart-pending") }

// searchPath adds a node's folders of programs to PATH: in a pod, PATH is the image's.
func (s *settings) searchPath(path string) string {
	folders := filepath.SplitList(path)
	if base, ok := strings.CutSuffix(s.config, "/"+rancherConfig); ok {
		folders = append([]string{filepath.Join(base, "data/current/bin"), filepath.Join(base, "bin")}, folders...)
	}
	return strings.Join(slices.Concat(folders, standardFolders), string(filepath.ListSeparator))
}

// advice returns the setting that moves a path.
func (s *settings) advice(path string) string {
	for _, v := range []struct{ name, folder, hint string }{
		{"BIN_DIR", s.binDir, "set BIN_DIR to a folder of containerd's PATH that can be written, and from which programs can be run, such as /opt/bin"},
		{"PROFILE_DIR", s.profileDir, "set PROFILE_DIR to a folder that can be written, below the kubelet's seccomp folder"},
		{"STATE_DIR", s.state, "set STATE_DIR to a folder that can be written, and that stays"},
		{"RUN_DIR", s.run, "set RUN_DIR to a folder that can be written"},
		{"CONTAINERD_CONFIG", filepath.Dir(s.config), "start containerd with --config FILE, where FILE is in a folder that can be written, and set CONTAINERD_CONFIG to FILE"},
	} {
		if path == v.folder || strings.HasPrefix(path, v.folder+"/") {
			return v.hint
		}
		if strings.HasPrefix(v.folder, path+"/") { // a folder that would have to be made
			return v.hint
		}
	}
	return "it must be writable"
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
