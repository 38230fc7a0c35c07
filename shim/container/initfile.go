package container

import "seccomp-shim/shim/container/initfile"

// UseInitFile makes all containers of this process start from the seccomp-shim-init in a
// folder, and execs too. After an error they start from this process's own binary. dir is
// as for initfile.Open.
func UseInitFile(folder, dir string) error {
	file, err := initfile.Open(folder, dir)
	if err != nil {
		return err
	}
	setInitFile(file.Executable)
	return nil
}
