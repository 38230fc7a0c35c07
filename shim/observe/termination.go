package observe

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/denials"
)

// writeTerminationMessage writes the message that `kubectl describe pod` shows, unless the
// container has written one itself. Without a termination message file it does nothing.
//
// The kubelet makes an empty file <kubelet>/pods/<uid>/containers/<name>/<8 hexadecimal
// digits> for each start of a container, and mounts it at terminationMessagePath (makeMounts,
// pkg/kubelet/kubelet_pods.go, and generateContainerConfig of kuberuntime). The spec does not
// mark the mount, so it is recognized by the path on the host.
//
// The container can write to the file, and cannot replace it: on the host, its folder belongs
// to root. All of this is checked, since a pod that may mount folders of the host can choose
// the path.
func writeTerminationMessage(spec *specs.Spec, message string) error {
	path := terminationFile(spec)
	if path == "" {
		return nil
	}
	f, err := openTerminationFile(path)
	if err != nil || f == nil {
		return err
	}
	_, err = f.WriteString(message)
	return errors.Join(err, f.Close())
}

// terminationFile returns the path on the host of the container's termination message file,
// or "".
func terminationFile(spec *specs.Spec) string {
	a := spec.Annotations
	found := ""
	for _, m := range spec.Mounts {
		pod, container, ok := kubeletsFile(m.Source)
		if ok && container == a[denials.ContainerName] && (a[denials.PodUID] == "" || pod == a[denials.PodUID]) {
			found = m.Source // the kubelet's mount comes last
		}
	}
	return found
}

// kubeletsFile takes the path of a termination message file apart.
func kubeletsFile(path string) (pod, container string, ok bool) {
	parts := strings.Split(path, "/")
	if len(parts) < 6 || !filepath.IsAbs(path) || path != filepath.Clean(path) {
		return "", "", false
	}
	parts = parts[len(parts)-5:] // pods/POD/containers/CONTAINER/FILE
	file := parts[4]
	isHexadecimal := len(file) == 8 && strings.Trim(file, "0123456789abcdef") == ""
	return parts[1], parts[3], isHexadecimal && parts[0] == "pods" && parts[2] == "containers"
}

// openTerminationFile opens the file, or returns nil if it has a message. It waits for no
// FIFO, follows no link in the last part of the path, and takes no file that has another
// name or that somebody else could have put there.
func openTerminationFile(path string) (*os.File, error) {
	dir, err := unix.Open(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: filepath.Dir(path), Err: err}
	}
	defer unix.Close(dir)
	var st unix.Stat_t
	if err := unix.Fstat(dir, &st); err != nil {
		return nil, os.NewSyscallError("fstat", err)
	}
	if st.Uid != 0 || st.Mode&0o022 != 0 {
		return nil, fmt.Errorf("termination message file %s: its folder can be changed by others than root", mistake.Shown(path))
	}
	fd, err := unix.Openat(dir, filepath.Base(path), unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	file := os.NewFile(uintptr(fd), path)
	if err := unix.Fstat(fd, &st); err != nil {
		file.Close()
		return nil, os.NewSyscallError("fstat", err)
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG || st.Nlink != 1:
		file.Close()
		return nil, fmt.Errorf("termination message file %s: is not a regular file with one name", mistake.Shown(path))
	case st.Size > 0:
		return nil, file.Close()
	}
	return file, nil
}
