package container

import (
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/apparmor"
	"github.com/opencontainers/runc/libcontainer/configs"
	"github.com/opencontainers/runc/libcontainer/intelrdt"
	"github.com/opencontainers/runc/libcontainer/specconv"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/selinux/go-selinux"
	"github.com/sirupsen/logrus"
)

// Config is what a container is made from.
type Config struct {
	ID     string
	Bundle string      // absolute path of the OCI bundle
	Spec   *specs.Spec // the bundle's config.json; linux.seccomp is ignored
	Filter *Filter     // the filter of the container's processes; nil for none
	// Recorder records the calls of the container's processes; nil for none.
	Recorder Recorder

	Checkpoint string // folder of CRIU's images to restore the processes from; empty to start them

	SystemdCgroup bool // systemd makes the cgroup; cgroupsPath is slice:prefix:name
	NoPivotRoot   bool
	NoNewKeyring  bool
}

// stateRoot is the folder in which libcontainer keeps the state of the bundle's container.
// It is inside the bundle, so that containerd removes it with the bundle, and two
// containerds on one node never share it.
func stateRoot(bundle string) string {
	return filepath.Join(bundle, "state")
}

// libcontainer validates the configuration and converts it. The error is of class
// ErrInvalid, or ErrNoCRIU.
func (c *Config) libcontainer() (*configs.Config, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	if err := c.Filter.validate(); err != nil {
		return nil, err
	}
	config, err := specconv.CreateLibcontainerConfig(&specconv.CreateOpts{
		CgroupName:       c.ID,
		UseSystemdCgroup: c.SystemdCgroup,
		NoPivotRoot:      c.NoPivotRoot,
		NoNewKeyring:     c.NoNewKeyring,
		Spec:             c.absoluteSpec(),
	})
	if err != nil {
		return nil, invalidf("config.json: %w", err) // specconv reads only the spec
	}
	config.Rlimits = nil // the last act sets them: see limits
	setHookEnvironment(config.Hooks)
	// libcontainer passes the bundle to hooks by this label. Its last value counts;
	// specconv has set it to the working directory.
	config.Labels = append(config.Labels, "bundle="+c.Bundle)
	return config, nil
}

// absoluteSpec returns a copy of the spec with absolute paths. specconv would resolve
// relative paths against the working directory, which is not the bundle: a shim serves
// several containers.
func (c *Config) absoluteSpec() *specs.Spec {
	spec := *c.Spec
	linux := *spec.Linux
	linux.Seccomp = nil // Config.Filter replaces it
	spec.Linux = &linux
	root := *spec.Root
	root.Path = c.absolute(root.Path)
	spec.Root = &root
	spec.Mounts = slices.Clone(spec.Mounts)
	for i, m := range spec.Mounts {
		if slices.Contains(m.Options, "bind") || slices.Contains(m.Options, "rbind") {
			spec.Mounts[i].Source = c.absolute(m.Source)
		}
	}
	return &spec
}

func (c *Config) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.Bundle, path)
}

func (c *Config) validate() error {
	switch {
	case c.Spec.Root == nil:
		return invalidf("config.json: root: must be set")
	case c.Spec.Linux == nil:
		return invalidf("config.json: linux: must be set")
	case c.Spec.Linux.IntelRdt != nil && !intelrdt.IsEnabled():
		return invalidf("config.json: linux.intelRdt: this host has no Intel RDT, or resctrl is not mounted")
	}
	if err := c.validateCgroup(); err != nil {
		return err
	}
	if c.Checkpoint != "" {
		if c.Recorder != nil {
			return invalidf("checkpoint: the container is to be recorded from its first instruction on, and a restored one has none")
		}
		if err := findCRIU(); err != nil {
			return err
		}
	}
	return validateProcess(c.Spec.Process)
}

// validateCgroup checks the form of cgroupsPath that the option SystemdCgroup demands. The
// client chooses the form: containerd's CRI plugin writes slice:prefix:name if the
// kubelet's cgroupDriver is systemd, and does not look at the handler's options.
func (c *Config) validateCgroup() error {
	path := c.Spec.Linux.CgroupsPath
	if !c.SystemdCgroup || path == "" || IsScope(path) {
		return nil
	}
	return invalidf("config.json: linux.cgroupsPath: %q: must be slice:prefix:name, because the option SystemdCgroup is on: "+
		"set SystemdCgroup = false, or the kubelet's cgroupDriver to systemd, or ctr's --cgroup to such a name", path)
}

// IsScope reports whether a cgroupsPath has the form slice:prefix:name of a systemd scope.
func IsScope(path string) bool { return strings.Count(path, ":") == 2 }

func validateProcess(p *specs.Process) error {
	switch {
	case p == nil:
		return invalidf("process: must be set")
	case len(p.Args) == 0:
		return invalidf("process.args: must not be empty")
	case !filepath.IsAbs(p.Cwd):
		return invalidf("process.cwd: %q: must be an absolute path", p.Cwd)
	case p.ApparmorProfile != "" && !apparmor.IsEnabled():
		return invalidf("process.apparmorProfile: %q: this host has no AppArmor", p.ApparmorProfile)
	case p.SelinuxLabel != "" && !selinux.GetEnabled():
		return invalidf("process.selinuxLabel: %q: this host has no SELinux", p.SelinuxLabel)
	case p.ConsoleSize != nil && max(p.ConsoleSize.Width, p.ConsoleSize.Height) > math.MaxUint16: // struct winsize
		return invalidf("process.consoleSize: %d x %d: neither may be above %d", p.ConsoleSize.Width, p.ConsoleSize.Height, math.MaxUint16)
	}
	_, err := limits(p.Rlimits)
	return err
}

// libcontainerProcess validates an OCI process and converts it, without its streams.
func libcontainerProcess(p *specs.Process) (*libcontainer.Process, error) {
	if err := validateProcess(p); err != nil {
		return nil, err
	}
	raised, err := raisedLimits(p.Rlimits)
	if err != nil {
		return nil, err
	}
	affinity, err := configs.ConvertCPUAffinity(p.ExecCPUAffinity)
	if err != nil {
		return nil, invalidf("process.execCPUAffinity: %w", err)
	}
	lp := &libcontainer.Process{
		Args:            p.Args,
		Env:             p.Env,
		UID:             int(p.User.UID),
		GID:             int(p.User.GID),
		Cwd:             p.Cwd,
		Label:           p.SelinuxLabel,
		AppArmorProfile: p.ApparmorProfile,
		NoNewPrivileges: &p.NoNewPrivileges,
		Rlimits:         raised,
		Scheduler:       p.Scheduler,
		IOPriority:      p.IOPriority,
		CPUAffinity:     affinity,
		LogLevel:        strconv.Itoa(int(logrus.GetLevel())),
	}
	for _, gid := range p.User.AdditionalGids {
		lp.AdditionalGroups = append(lp.AdditionalGroups, int(gid))
	}
	if p.ConsoleSize != nil {
		lp.ConsoleWidth = uint16(p.ConsoleSize.Width)
		lp.ConsoleHeight = uint16(p.ConsoleSize.Height)
	}
	if c := p.Capabilities; c != nil {
		lp.Capabilities = &configs.Capabilities{
			Bounding:    c.Bounding,
			Effective:   c.Effective,
			Inheritable: c.Inheritable,
			Permitted:   c.Permitted,
			Ambient:     c.Ambient,
		}
	}
	return lp, nil
}
