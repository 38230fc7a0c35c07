package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"seccomp-shim/integration/testbed"
)

const (
	image   = "docker.io/library/http-echo:demo"
	program = "/http-echo"
	text    = "just made some syscalls!" // the tutorial's text
)

// stage is the state that all scenes share.
type stage struct {
	node    *testbed.Node
	audit   *auditTool
	options string // the file of the shim's options
	settings
}

// newStage imports the image, copies the profiles to the shim's profile root, and starts
// seccompctl audit.
func newStage(ctx context.Context, node *testbed.Node, s settings) (*stage, error) {
	echo, err := os.ReadFile(filepath.Join(s.bin, "http-echo"))
	if err != nil {
		return nil, fmt.Errorf("read program: %w", err)
	}
	fmt.Println("Making an image from the echo server ...")
	err = node.Import(ctx, image, testbed.Rootfs{
		Files:      map[string]testbed.File{program: {Content: echo, Mode: 0o755}},
		Entrypoint: []string{program},
	})
	if err != nil {
		return nil, err
	}
	options, err := writeOptions(filepath.Join(node.Dir(), "seccomp"), s.profiles)
	if err != nil {
		return nil, err
	}
	audit, err := startAudit(s.bin, node)
	if err != nil {
		return nil, err
	}
	return &stage{node: node, audit: audit, options: options, settings: s}, nil
}

func (s *stage) close() {
	if err := s.audit.stop(); err != nil {
		fmt.Fprintf(os.Stderr, "demo: stop seccompctl audit: %v\n", err)
	}
}

// writeOptions copies the profiles to root/profiles, as the tutorial has them in
// /var/lib/kubelet/seccomp/profiles. It returns a file of options that makes root the
// shim's profile root.
func writeOptions(root, profiles string) (string, error) {
	files, err := filepath.Glob(filepath.Join(profiles, "*.json"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s has no *.json", profiles)
	}
	if err != nil {
		return "", fmt.Errorf("find profiles (flag -profiles): %w", err)
	}
	if err := os.MkdirAll(filepath.Join(root, "profiles"), 0o755); err != nil {
		return "", fmt.Errorf("make profile root: %w", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(filepath.Join(root, "profiles", filepath.Base(file)), data, 0o644)
		}
		if err != nil {
			return "", fmt.Errorf("copy profile: %w", err)
		}
	}
	options := filepath.Join(root, "options.toml")
	if err := os.WriteFile(options, fmt.Appendf(nil, "profile_root = %q\n", root), 0o644); err != nil {
		return "", fmt.Errorf("write shim options: %w", err)
	}
	return options, nil
}
