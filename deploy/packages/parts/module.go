package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// linked reads from binaries the modules that Go has linked into them.
func linked(files []string) ([]part, []binary, error) {
	var parts []part
	var binaries []binary
	for _, file := range files {
		info, err := buildinfo.ReadFile(file)
		if err != nil {
			return nil, nil, err
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, nil, err
		}
		b := binary{name: filepath.Base(file), sha256: fmt.Sprintf("%x", sha256.Sum256(data)), arch: setting(info, "GOARCH"), cgo: setting(info, "CGO_ENABLED") == "1"}
		for _, p := range append([]part{standardLibrary(info)}, modules(info)...) {
			i := slices.IndexFunc(parts, func(known part) bool { return known.purl == p.purl })
			if i < 0 {
				i = len(parts)
				parts = append(parts, p)
			}
			b.parts = append(b.parts, i)
		}
		binaries = append(binaries, b)
	}
	return parts, binaries, readLicences(parts)
}

func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

const goName = "Go's standard library"

func standardLibrary(info *debug.BuildInfo) part {
	version := strings.TrimPrefix(info.GoVersion, "go")
	return part{name: goName, version: version, purl: "pkg:golang/std@" + version}
}

// modules returns a binary's modules. A replaced module is the patched copy of the
// version that go.mod names.
func modules(info *debug.BuildInfo) []part {
	var parts []part
	for _, m := range info.Deps {
		parts = append(parts, part{
			name: m.Path, version: m.Version, purl: "pkg:golang/" + m.Path + "@" + m.Version,
			sum: m.Sum, modified: m.Replace != nil,
		})
	}
	return parts
}

// readLicences reads the licences in Go's module cache, and verifies the modules.
func readLicences(parts []part) error {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	args := []string{"mod", "download", "-json"}
	folders := map[string]string{goName: strings.TrimSpace(string(root))}
	for _, p := range parts {
		if p.name != goName {
			args = append(args, p.name+"@"+p.version)
		}
	}
	cmd := exec.Command("go", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go mod download: %w", err)
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct{ Path, Dir string }
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		folders[m.Path] = m.Dir
	}
	for i := range parts {
		if err := parts[i].read(folders[parts[i].name]); err != nil {
			return fmt.Errorf("%s %s: %w", parts[i].name, parts[i].version, err)
		}
	}
	return nil
}
