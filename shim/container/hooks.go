package container

import (
	"cmp"
	"os"

	"github.com/opencontainers/runc/libcontainer/configs"
)

// setHookEnvironment gives hooks without env containerd's PATH and nothing else.
//
// The OCI spec gives env the meaning of POSIX's environ, so that without it a hook has
// an empty environment (config.md, "POSIX-platform Hooks"). runc's hooks inherit the
// runtime's, which is containerd's: with a proxy's password, or a cloud's keys. Hooks
// in use need PATH, as nvidia-container-runtime-hook, which looks for its command.
//
// A startContainer hook is a program of the image. libcontainer gives it the
// container's environment.
func setHookEnvironment(hooks configs.Hooks) {
	const usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	environment := []string{"PATH=" + cmp.Or(os.Getenv("PATH"), usual)}
	for name, list := range hooks {
		if name != configs.StartContainer {
			list.SetDefaultEnv(environment)
		}
	}
}
