package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	runcoptions "github.com/containerd/containerd/api/types/runc/options"
	runtimeoptions "github.com/containerd/containerd/api/types/runtimeoptions/v1"

	"seccomp-shim/integration/testbed"
)

const (
	shimRuntime = "io.containerd.seccomp.v1"
	runcRuntime = "io.containerd.runc.v2"
)

// peer is one of the runtimes that are compared.
type peer struct {
	name    string // as in the report
	runtime string // containerd's name
	handler string // our handler's options, as TOML
	binary  string // the OCI runtime that the shim calls; empty for ours
	version string
}

// shared is our shim when it serves all pods of the node. It is measured in what somebody
// would choose it for: memory, and many pods at once.
var shared = &peer{name: ours + " for the node", runtime: shimRuntime, handler: `group_by = "node"`}

// ours is the name of this project's shim, the first of the peers.
const ours = "seccomp-shim"

func findPeers(s settings) ([]*peer, error) {
	if why := testbed.Unavailable(s.peers, testbed.ShimBinary(runcRuntime), "runc", "crun", "program"); why != "" {
		return nil, fmt.Errorf("%s; make bench builds it", why)
	}
	folder, err := filepath.Abs(s.peers)
	if err != nil {
		return nil, err
	}
	peers := []*peer{
		{name: ours, runtime: shimRuntime},
		{name: "runc", runtime: runcRuntime, binary: filepath.Join(folder, "runc")},
		{name: "crun", runtime: runcRuntime, binary: filepath.Join(folder, "crun")},
	}
	for _, p := range peers[1:] {
		if p.version, err = firstLine(p.binary, "--version"); err != nil {
			return nil, err
		}
	}
	return peers, nil
}

// options returns the runtime options of a peer's containers.
func (p *peer) options() any {
	if p.handler != "" {
		return &runtimeoptions.Options{ConfigBody: []byte(p.handler)}
	}
	if p.binary == "" {
		return nil
	}
	return &runcoptions.Options{BinaryName: p.binary}
}

func firstLine(program string, args ...string) (string, error) {
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		return "", fmt.Errorf("run %s: %w", program, err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return line, nil
}

// The profiles of a peer's containers.
const (
	noProfile      = "none"
	defaultProfile = "default"
	// coldCache is the default profile with an empty cache of compiled profiles.
	coldCache = "default, cold"
)

// subject is a peer's containers with one profile. Subjects are compared with each other.
type subject struct {
	peer    *peer
	profile string
}

// subjects returns each peer's containers without a profile and with the default profile.
func subjects(peers []*peer) []subject {
	var all []subject
	for _, p := range peers {
		all = append(all, subject{p, noProfile}, subject{p, defaultProfile})
	}
	return all
}

// confined returns each peer's containers with the default profile.
func confined(peers []*peer) []subject {
	var all []subject
	for _, p := range peers {
		all = append(all, subject{p, defaultProfile})
	}
	return all
}

func (s subject) String() string { return fmt.Sprintf("%s (%s)", s.peer.name, s.profile) }
