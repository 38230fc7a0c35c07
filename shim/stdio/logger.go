package stdio

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// loggerPatience is how long a logging binary may take to start, and how long it
// may take to end after SIGTERM. containerd's logging package gives its callers
// ten seconds to clean up.
const loggerPatience = 12 * time.Second

// logger is a logging binary (containerd's "binary" and "binary-v2" log URIs). It reads
// stdout from descriptor 3 and stderr from 4, and closes 5 when it is ready.
type logger struct {
	cmd     *exec.Cmd
	writers map[string]*os.File // by stream, until takeWriter
}

// startLogger runs the URI's path with the URI's query as arguments, and waits until the
// logging binary is ready.
func startLogger(u *url.URL, owner Owner) (_ *logger, err error) {
	var files []*os.File
	defer func() {
		// The child has its own copies, or does not run.
		for _, f := range files {
			f.Close()
		}
	}()
	pipe := func() (r, w *os.File) {
		if err != nil {
			return nil, nil
		}
		if r, w, err = os.Pipe(); err == nil {
			files = append(files, r, w)
		}
		return r, w
	}
	outR, outW := pipe()
	errR, errW := pipe()
	ready, readyW := pipe()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(u.Path, queryArgs(u)...)
	cmd.Env = []string{"CONTAINER_ID=" + owner.ID, "CONTAINER_NAMESPACE=" + owner.Namespace}
	cmd.ExtraFiles = []*os.File{outR, errR, readyW}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start logging binary: %w", err)
	}
	readyW.Close()
	l := &logger{cmd: cmd, writers: map[string]*os.File{"stdout": outW, "stderr": errW}}
	if err := waitReady(ready, u.Scheme); err != nil {
		return nil, errors.Join(err, cmd.Process.Kill(), ignoreExit(cmd.Wait()))
	}
	files = []*os.File{outR, errR, ready}
	return l, nil
}

// waitReady waits for EOF of the ready pipe. Under binary-v2 a byte must come first, by
// which a ready logging binary differs from a crashed one.
func waitReady(ready *os.File, scheme string) error {
	if err := ready.SetReadDeadline(time.Now().Add(loggerPatience)); err != nil {
		return err
	}
	n, err := ready.Read(make([]byte, 1))
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("wait for logging binary: %w", err)
	}
	if n == 0 && scheme == "binary-v2" {
		return errors.New("logging binary ended before it was ready")
	}
	return nil
}

// queryArgs turns ?key=value&… into the arguments key value …, sorted by key: url.Values
// is a map, whose order is random.
func queryArgs(u *url.URL) []string {
	query := u.Query()
	var keys []string
	for key := range query {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var args []string
	for _, key := range keys {
		args = append(args, key, query.Get(key))
	}
	return args
}

// takeWriter returns the writing end of a stream, which the caller then owns.
func (l *logger) takeWriter(name string) *os.File {
	w := l.writers[name]
	delete(l.writers, name)
	return w
}

// stop closes the pipes, which ends most logging binaries, then sends SIGTERM, then
// SIGKILL.
func (l *logger) stop() error {
	for _, w := range l.writers {
		w.Close()
	}
	ended := make(chan error, 1)
	go func() { ended <- l.cmd.Wait() }()
	for _, signal := range []os.Signal{nil, unix.SIGTERM, unix.SIGKILL} {
		patience := loggerPatience
		if signal == nil {
			patience = stall
		} else if err := l.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("stop logging binary: %w", err)
		}
		select {
		case err := <-ended:
			return ignoreExit(err)
		case <-time.After(patience):
		}
	}
	return errors.New("stop logging binary: it survives SIGKILL")
}

// ignoreExit returns nil for a failed exit status, which a stopped process may have.
func ignoreExit(err error) error {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil
	}
	return err
}
