package cache

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"seccomp-shim/seccomp/seccomptest"
)

const (
	roleVariable = "SECCOMP_CACHE_TEST_ROLE"
	pathVariable = "SECCOMP_CACHE_TEST_PATH"

	processKeys = 20
	processTime = time.Second
)

var processLimit = Limit{Entries: 12, Bytes: 40_000}

// Processes read, write and evict in one directory, one more damages its files
// while they are at it, and writers are killed in between. Nobody may ever get a
// wrong value, and what is left must be within the limit.
func TestProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	path := filepath.Join(t.TempDir(), "cache")
	d := newDiskAt(t, path, processLimit)
	victims := make(chan int)
	go func() {
		defer close(victims)
		victims <- killWriters(t, path)
	}()
	roles := []string{"writer", "writer", "evictor", "damager"}
	outputs := make([]bytes.Buffer, len(roles))
	commands := make([]*exec.Cmd, len(roles))
	for i, role := range roles {
		commands[i] = process(role, path)
		commands[i].Stdout, commands[i].Stderr = &outputs[i], &outputs[i]
		seccomptest.Must(t, commands[i].Start())
	}
	killed := <-victims
	var hits, misses, drops, damages int
	for i, command := range commands {
		if err := command.Wait(); err != nil {
			t.Fatalf("%s: %v: %s", roles[i], err, outputs[i].Bytes())
		}
		var h, m, d int
		if _, err := fmt.Sscan(outputs[i].String(), &h, &m, &d); err != nil {
			t.Fatalf("%s: %q: %v", roles[i], outputs[i].String(), err)
		}
		if roles[i] == "damager" {
			damages = h
			continue
		}
		hits, misses, drops = hits+h, misses+m, drops+d
	}
	temps := 0
	mustBeWithin(t, d, processLimit)
	for _, name := range d.names(t) {
		if isTemp(name) {
			temps++
			mustAge(t, filepath.Join(path, name), time.Hour)
		}
	}
	d.mustPut(t, numbered(0), valueOf(0))
	for _, name := range d.names(t) {
		if !isEntry(name) {
			t.Errorf("left behind: %s", name)
		}
	}
	t.Logf("%d hits, %d misses, %d of %d damages found, %d writers killed, %d temporary files swept",
		hits, misses, drops, damages, killed, temps)
	if hits < 20 || misses < 20 || drops < 2 || killed < 2 {
		t.Error("too little happened for the test to say anything")
	}
}

func process(role, path string) *exec.Cmd {
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), roleVariable+"="+role, pathVariable+"="+path)
	return command
}

// killWriters begins and kills writers during the first part of the time, so that
// those that live clear away what is too much.
func killWriters(t *testing.T, path string) (killed int) {
	for end := time.Now().Add(processTime / 2); time.Now().Before(end); killed++ {
		command := process("writer", path)
		if err := command.Start(); err != nil {
			t.Error(err)
			return killed
		}
		time.Sleep(10*time.Millisecond + rand.N(20*time.Millisecond))
		command.Process.Kill()
		command.Wait()
	}
	return killed
}

// play is what one process does until its time is over.
func play(role string) error {
	path := os.Getenv(pathVariable)
	if role == "damager" {
		damages := 0
		for end := time.Now().Add(processTime / 2); time.Now().Before(end); damages++ {
			damage(filepath.Join(path, fileName(numbered(rand.IntN(processKeys)))))
			time.Sleep(rand.N(200 * time.Microsecond))
		}
		fmt.Println(damages, 0, 0)
		return nil
	}
	limit := processLimit
	if role == "evictor" {
		limit.Entries /= 2
	}
	var hits, misses, drops int
	d, err := OpenDisk(path, limit, func(err error) {
		var reason defect
		if errors.As(err, &reason) {
			drops++
		}
	})
	if err != nil {
		return err
	}
	for end := time.Now().Add(processTime); time.Now().Before(end); {
		n := rand.IntN(processKeys)
		value, ok := d.Get(numbered(n))
		if !ok {
			misses++
			if err := d.Put(numbered(n), valueOf(n)); err != nil {
				return err
			}
			continue
		}
		hits++
		if !bytes.Equal(value, valueOf(n)) {
			return fmt.Errorf("a wrong value for key %d: %x", n, value)
		}
	}
	fmt.Println(hits, misses, drops)
	return nil
}

// damage does to a file what it can, in place. It may be gone; errors do not matter.
func damage(path string) {
	switch rand.IntN(5) {
	case 0:
		if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
			defer f.Close()
			b := make([]byte, 1)
			if info, err := f.Stat(); err == nil && info.Size() > 0 {
				at := rand.Int64N(info.Size())
				f.ReadAt(b, at)
				f.WriteAt([]byte{b[0] ^ 1<<rand.IntN(8)}, at)
			}
		}
	case 1:
		if info, err := os.Stat(path); err == nil && info.Size() > 0 {
			os.Truncate(path, rand.Int64N(info.Size()))
		}
	case 2:
		os.Rename(path, filepath.Join(filepath.Dir(path), fileName(numbered(rand.IntN(processKeys)))))
	case 3:
		os.Chmod(path, 0o666)
	case 4:
		if os.Remove(path) == nil {
			os.Symlink("/etc/passwd", path)
		}
	}
}
