package container

import (
	"cmp"
	"os"

	"github.com/opencontainers/runc/libcontainer/configs"
)

// setHookEnvironment gives hooks without env containerd's PATH and no other variable.
//
// By the OCI spec env is POSIX's environ, so a hook without env has an empty environment
// (config.md, "POSIX-platform Hooks"). runc's hooks inherit the environment of the
// runtime, which is containerd's and may hold a proxy's password or a cloud's keys. But
// hooks in use need PATH: nvidia-container-runtime-hook, for example, searches it.
//
// A startContainer hook is a program of the image. libcontainer gives it the container's
// environment.
func setHookEnvironment(hooks configs.Hooks) {
	const usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	environment := []string{"PATH=" + cmp.Or(os.Getenv("PATH"), usual)}
	for name, list := range hooks {
		if name != configs.StartContainer {
			list.SetDefaultEnv(environment)
		}
	}
}
