// Package options holds the runtime handler's options: what an operator writes for this
// runtime in containerd's configuration.
package options

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	runc "github.com/containerd/containerd/api/types/runc/options"
	generic "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	"github.com/containerd/typeurl/v2"
	"github.com/pelletier/go-toml/v2"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/denials"
)

// Runtime is this runtime's type in containerd, which the handler names beside its
// options. Its binary is containerd-shim-seccomp-v1.
const Runtime = "io.containerd.seccomp.v1"

// ErrNotKnown is the class of errors about options of a type that Read does not know.
var ErrNotKnown = errors.New("not known")

// Options are the runtime handler's options: the table
// plugins."io.containerd.cri.v1.runtime".containerd.runtimes.<handler>.options
// of containerd's configuration, or the file of ctr's --runtime-config-path.
//
// Options of runc's shim have the names and spelling that they have there.
type Options struct {
	ProfileRoot  string `toml:"profile_root"`  // absolute path of the Localhost profiles
	UnsetProfile string `toml:"unset_profile"` // the profile of containers that name none
	// ListenerDirs are the absolute paths of the directories that a profile's
	// listenerPath may be in. Nil allows every directory, an empty list none.
	ListenerDirs []string `toml:"listener_dirs"`
	// Observe is what is observed of containers: nothing, or what a mode of package denials
	// says. An annotation may ask for more: for denials always, for trial if AllowTrial, for
	// record if AllowRecord.
	Observe     denials.Mode `toml:"observe"`
	AllowTrial  bool         `toml:"allow_trial"`
	AllowRecord bool         `toml:"allow_record"`
	// RecordUnder is the profile of containers that are recorded: as UnsetProfile, or
	// "profile" for the container's own. Empty for none.
	RecordUnder string `toml:"record_under"`
	// Floor is a profile that holds for each container, together with the container's own.
	Floor string `toml:"floor"`
	// FloorObserve is Trial if what the floor alone refuses is reported and let through.
	FloorObserve  denials.Mode `toml:"floor_observe"`
	LogExecs      bool         `toml:"log_execs"` // each exec is a line of containerd's log
	GroupBy       string       `toml:"group_by"`  // whose containers share a shim: ByPod, ByNamespace or ByNode
	SystemdCgroup bool         // systemd makes the cgroups
	ShimCgroup    string       // an existing cgroup that the shim joins
	NoPivotRoot   bool         // for a root file system on a ramdisk
	NoNewKeyring  bool         // containers share the session keyring
	IoUid         uint32       // the user who owns the pipes of stdio
	IoGid         uint32       // and the group

	// These options of runc's shim are refused if set: this runtime executes no runc
	// binary, and keeps its state in the bundle.
	BinaryName string
	Root       string
}

// The values of GroupBy. By default it is pod. Namespaces are those of Kubernetes.
const (
	ByPod       = "pod"
	ByNamespace = "namespace"
	ByNode      = "node"
)

// Read decodes options. containerd sends runtimeoptions.v1 for runtime types that it
// does not know, such as this one; some clients send runc's. The error for any other
// type is an [ErrNotKnown]. A nil or empty message stands for the defaults.
func Read(message typeurl.Any) (*Options, error) {
	if message == nil || len(message.GetValue()) == 0 {
		return &Options{}, nil
	}
	var o *Options
	switch {
	case typeurl.Is(message, (*generic.Options)(nil)):
		options := &generic.Options{}
		if err := typeurl.UnmarshalTo(message, options); err != nil {
			return nil, fmt.Errorf("read runtime options: %w", err)
		}
		var err error
		if o, err = readGeneric(options); err != nil {
			return nil, err
		}
	case typeurl.Is(message, (*runc.Options)(nil)):
		options := &runc.Options{}
		if err := typeurl.UnmarshalTo(message, options); err != nil {
			return nil, fmt.Errorf("read runtime options: %w", err)
		}
		o = fromRunc(options)
	default:
		return nil, fmt.Errorf("runtime options: type %q is %w", message.GetTypeUrl(), ErrNotKnown)
	}
	return o, o.validate()
}

func readGeneric(g *generic.Options) (*Options, error) {
	if g.GetConfigPath() == "" {
		return parseOptions("options of the runtime handler, in containerd's configuration", g.GetConfigBody())
	}
	body, err := os.ReadFile(g.GetConfigPath())
	if err != nil {
		return nil, fmt.Errorf("read runtime options: %w", err)
	}
	return parseOptions(g.GetConfigPath(), body)
}

// parseOptions decodes TOML. An unknown key is an error that names it: a misspelt option
// must not silently mean the default.
func parseOptions(source string, body []byte) (*Options, error) {
	o := &Options{}
	dec := toml.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(o); err != nil {
		return nil, fmt.Errorf("%s: %s", source, explain(body, err))
	}
	return o, nil
}

func fromRunc(r *runc.Options) *Options {
	return &Options{
		SystemdCgroup: r.GetSystemdCgroup(),
		ShimCgroup:    r.GetShimCgroup(),
		NoPivotRoot:   r.GetNoPivotRoot(),
		NoNewKeyring:  r.GetNoNewKeyring(),
		IoUid:         r.GetIoUid(),
		IoGid:         r.GetIoGid(),
		BinaryName:    r.GetBinaryName(),
		Root:          r.GetRoot(),
	}
}

func (o *Options) validate() error {
	for name, value := range map[string]string{"BinaryName": o.BinaryName, "Root": o.Root} {
		if value != "" {
			return fmt.Errorf("option %s: %q: runtime %s runs containers itself, without a runc binary", name, value, Runtime)
		}
	}
	if o.GroupBy != "" && !slices.Contains([]string{ByPod, ByNamespace, ByNode}, o.GroupBy) {
		return fmt.Errorf("option group_by: %q: must be %s, %s or %s", o.GroupBy, ByPod, ByNamespace, ByNode)
	}
	if o.ProfileRoot != "" && o.ProfileRoot[0] != '/' {
		return fmt.Errorf("option profile_root: %q: must be an absolute path", o.ProfileRoot)
	}
	if o.Observe != denials.Off && !slices.Contains(denials.Names(), string(o.Observe)) {
		return fmt.Errorf("option observe: %s: must be %q, %q or %q%s", mistake.Quote(string(o.Observe)), denials.Enforcing, denials.Trial, denials.Recorded,
			mistake.Meant(string(o.Observe), denials.Names()...))
	}
	if o.FloorObserve != denials.Off && o.FloorObserve != denials.Trial {
		return fmt.Errorf("option floor_observe: %s: must be %q%s", mistake.Quote(string(o.FloorObserve)), denials.Trial,
			mistake.Meant(string(o.FloorObserve), string(denials.Trial)))
	}
	if o.FloorObserve != denials.Off && o.Floor == "" {
		return errors.New("option floor_observe: there is no option floor")
	}
	for i, dir := range o.ListenerDirs {
		if !filepath.IsAbs(dir) {
			return fmt.Errorf("option listener_dirs[%d]: %q: must be an absolute path", i, dir)
		}
	}
	return nil
}
