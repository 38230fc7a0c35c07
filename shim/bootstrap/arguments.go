package bootstrap

import (
	"flag"
	"io"

	"seccomp-shim/shim/prefork"
)

// Arguments are the command line of a run of the binary by containerd.
type Arguments struct {
	Debug                  bool
	action                 string // start, delete, or empty
	id, namespace, address string
	version, info          bool
}

// Role is what a run of the binary does.
type Role int

const (
	RunShim Role = iota // leave it to containerd's RunShim: delete, -info, and wrong arguments
	Version             // print the version
	Start               // be the group's shim, or find it
)

// ParseArguments returns nil for arguments that it does not understand.
func ParseArguments(args []string) *Arguments {
	a := &Arguments{}
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&a.id, "id", "", "")
	flags.StringVar(&a.namespace, "namespace", "", "")
	flags.StringVar(&a.address, "address", "", "")
	flags.BoolVar(&a.Debug, "debug", false, "")
	flags.BoolVar(&a.version, "v", false, "")
	flags.BoolVar(&a.version, "version", false, "")
	flags.BoolVar(&a.info, "info", false, "")
	for _, name := range []string{"publish-binary", "bundle"} {
		flags.String(name, "", "not used at a start")
	}
	if err := flags.Parse(args); err != nil {
		return nil
	}
	a.action = flags.Arg(0)
	return a
}

// Role returns what to do. Nil arguments are for RunShim.
func (a *Arguments) Role() Role {
	switch {
	case a == nil:
		return RunShim
	case a.version:
		return Version
	case a.action == "start", prefork.IsChild():
		return Start
	}
	return RunShim
}
