package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
	"seccomp-shim/seccomp/recording"
)

const (
	imageName   = "docker.io/library/bench:latest"
	programPath = "/program"
	// The folder in the containers that has the FIFO. Their program writes a byte to it when
	// the program runs.
	fifoFolder = "/bench"
	fifoName   = "runs"

	// patience limits each measurement. None takes a tenth of it.
	patience = 20 * time.Second
	// warmUp is the number of rounds whose results are discarded.
	warmUp = 2
)

// lab is the place of all measurements: a node, an image, and the FIFO that the containers
// share.
type lab struct {
	peers  []*peer
	node   *testbed.Node
	client *containerd.Client
	image  containerd.Image
	fifo   *os.File
	random *rand.Rand
	ids    int
}

func openLab(ctx context.Context, s settings, peers []*peer) (_ *lab, err error) {
	folder, err := filepath.Abs(s.peers)
	if err != nil {
		return nil, err
	}
	program, err := os.ReadFile(filepath.Join(folder, "program"))
	if err != nil {
		return nil, err
	}
	// containerd finds the runc shim here.
	if err := os.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		return nil, err
	}
	l := &lab{peers: peers, random: rand.New(rand.NewPCG(s.Seed, 0))}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	l.node, err = testbed.Start(ctx, testbed.Options{Bin: s.bin, Dir: "/run"})
	if err != nil {
		return nil, err
	}
	if err := writeFloor(l.node.Dir()); err != nil {
		return nil, err
	}
	err = l.node.Import(ctx, imageName, testbed.Rootfs{Files: map[string]testbed.File{
		programPath: {Content: program, Mode: 0o755},
		fifoFolder:  {Mode: os.ModeDir | 0o755},
	}})
	if err != nil {
		return nil, err
	}
	if l.client, err = l.node.Client(); err != nil {
		return nil, err
	}
	if l.image, err = l.client.GetImage(ctx, imageName); err != nil {
		return nil, err
	}
	return l, l.makeFIFO()
}

// makeFIFO makes the FIFO by which a container's program reports that it runs. The report does
// not use stdout, so the time does not contain the shims' handling of streams.
func (l *lab) makeFIFO() error {
	if err := os.Mkdir(l.fifoDir(), 0o755); err != nil {
		return err
	}
	path := filepath.Join(l.fifoDir(), fifoName)
	if err := unix.Mkfifo(path, 0o600); err != nil {
		return fmt.Errorf("make FIFO: %w", err)
	}
	// Open read-write: with no writer left, a read-only end would return EOF.
	fifo, err := os.OpenFile(path, os.O_RDWR, 0)
	l.fifo = fifo
	return err
}

func (l *lab) fifoDir() string { return filepath.Join(l.node.Dir(), "bench") }

// awaitPrograms returns when the programs of number containers have reported that they run.
func (l *lab) awaitPrograms(number int) error {
	if err := l.fifo.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := io.ReadFull(l.fifo, make([]byte, number)); err != nil {
		return fmt.Errorf("wait for %d programs to run: %w", number, err)
	}
	return nil
}

// shuffled returns the subjects in a new random order.
func (l *lab) shuffled(all []subject) []subject {
	order := append([]subject(nil), all...)
	l.random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}

func (l *lab) close() error {
	var errs []error
	if l.client != nil {
		errs = append(errs, l.client.Close())
	}
	if l.fifo != nil {
		errs = append(errs, l.fifo.Close())
	}
	if l.node != nil {
		// The shim for the node stays for 20 seconds after its last container.
		testbed.HoldsWithin(3*patience, func() bool { return len(l.node.Leftovers("")) == 0 })
		errs = append(errs, removeFilters(l.node.Namespace()), os.RemoveAll(filepath.Join(recording.Dir, l.node.Namespace())), l.node.Stop())
	}
	return errors.Join(errs...)
}

// removeFilters removes the compiled filters that crun leaves in its state folder for its next
// run. The folder is in the benchmark's own /run.
func removeFilters(namespace string) error {
	return os.RemoveAll(filepath.Join("/run/containerd/runc", namespace))
}
