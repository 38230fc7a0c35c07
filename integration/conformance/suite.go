package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"seccomp-shim/integration/testbed"
)

const (
	suiteFolder = "integration/client"
	imageList   = "integration/images/image_list.go"
	// originalDigest is that of ghcr.io's busybox in the suite's list of images.
	originalDigest = "sha256:7b3ccabffc97de872a30dfd234fd972a66d247c8cfc69b0550f276481852627c"
)

func (s settings) binary() string { return filepath.Join(s.work, "client.test") }

func (s settings) sources() string { return filepath.Join(s.work, "containerd") }

// buildSuite compiles a copy of the suite. No test is changed. The list
// of images can be replaced by a flag of the tests, but this suite reads the list
// before flags are parsed. So the one entry that cannot be true here, because
// it is a digest, is replaced in the copy.
func buildSuite(s settings, images *store) error {
	if err := os.RemoveAll(s.sources()); err != nil {
		return err
	}
	if err := os.CopyFS(s.sources(), os.DirFS(s.containerd)); err != nil {
		return fmt.Errorf("copy containerd's sources: %w", err)
	}
	list := filepath.Join(s.sources(), imageList)
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	if strings.Count(string(text), originalDigest) != 1 {
		return fmt.Errorf("%s does not name %s", list, originalDigest)
	}
	ours := strings.ReplaceAll(string(text), originalDigest, images.names[byDigest].String())
	if err := os.WriteFile(list, []byte(ours), 0o644); err != nil {
		return err
	}
	build := exec.Command("go", "test", "-C", s.sources(), "-tags", "no_btrfs,no_devmapper,no_zfs",
		"-c", "-o", s.binary(), "./"+suiteFolder)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the suite: %w\n%s", err, out)
	}
	return nil
}

// runSuite is the child's work.
func runSuite(s settings) error {
	// Before /var/lib and /run are hidden.
	images, err := suiteImages()
	if err != nil {
		return err
	}
	if err := mountPrivately(); err != nil {
		return err
	}
	if err := errors.Join(testbed.EnterOwnCgroups(), testbed.RaiseLoopback()); err != nil {
		return err
	}
	const certificate = "/run/registry.pem"
	if err := images.serve(certificate); err != nil {
		return err
	}
	if s.runtime == ourRuntime {
		if err := s.nameOursRunc(); err != nil {
			return err
		}
	}
	cmd := exec.Command(s.binary(), "-test.v=test2json", "-test.root", "-test.run", s.run,
		"-test.skip", s.skipped(), "-test.timeout", s.timeout.String(),
		fmt.Sprintf("-no-criu=%t", !s.criu))
	cmd.Dir = filepath.Join(s.sources(), suiteFolder) // of its testdata
	cmd.Env = append(os.Environ(),
		"PATH="+s.path+":"+os.Getenv("PATH"),
		"TEST_RUNTIME="+s.runtime,
		"SSL_CERT_FILE="+certificate,
		"TMPDIR=/run", // sockets are in it: the name must be short
	)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		os.Exit(exit.ExitCode()) // the suite has told why
	}
	return err
}

// nameOursRunc makes our shim what is found as runc's. Some tests, such as those
// of the restart monitor, leave the choice of the runtime to containerd's client.
func (s *settings) nameOursRunc() error {
	const folder = "/run/names"
	for _, dir := range filepath.SplitList(s.path) {
		shim := filepath.Join(dir, testbed.ShimBinary(ourRuntime))
		if _, err := os.Stat(shim); err != nil {
			continue
		}
		s.path = folder + ":" + s.path
		return errors.Join(os.Mkdir(folder, 0o755), os.Symlink(shim, filepath.Join(folder, "containerd-shim-runc-v2")))
	}
	return fmt.Errorf("no %s in %s", testbed.ShimBinary(ourRuntime), s.path)
}
