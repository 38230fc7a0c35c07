// Package deploy holds what is put on nodes and clusters. Its test is about the names
// of images, by which others run code: some of it as root on each node.
package deploy

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/distribution/reference"
)

// imageFault returns what is wrong with an image's name, or "". A name without a
// registry means a registry that the reader's tool guesses, such as docker.io, where
// anybody may own the name. Images that run as root on nodes, or that others are built
// from, must be pinned by digest.
func imageFault(name string, pinned bool) string {
	if name == "scratch" { // no image, by the reference of Dockerfiles
		return ""
	}
	parsed, err := reference.Parse(name)
	if err != nil {
		return err.Error()
	}
	named, ok := parsed.(reference.Named)
	if !ok {
		return "no name"
	}
	host, _, found := strings.Cut(named.Name(), "/")
	tagged, hasTag := parsed.(reference.Tagged)
	_, hasDigest := parsed.(reference.Digested)
	switch {
	case !found || !strings.ContainsAny(host, ".:"):
		return "no registry"
	case hasTag && tagged.Tag() == "latest":
		return "the tag is latest"
	// RFC 6761, section 6.4: such a name is never in the DNS.
	case strings.HasSuffix(host, ".invalid"):
		return ""
	case !hasTag && !hasDigest:
		return "neither a tag nor a digest"
	case pinned && !hasDigest:
		return "no digest"
	}
	return ""
}

var (
	// Fields and instructions whose value is always an image.
	inYAML       = regexp.MustCompile(`\bimage:[ \t]*"?([^\s",}]+)`)
	inDockerfile = regexp.MustCompile(`(?m)^(?:FROM|ARG\s+\w+\s*=|#\s*syntax\s*=)\s*([^\s$]+)(?:\s+AS\s+\w+)?$`)
	// In other files, every text that looks like a name: lower-case letters with a tag
	// or digest.
	anywhere = regexp.MustCompile(`(?:^|[\s"'=` + "`" + `|])([a-z0-9][a-z0-9._/-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?@sha256:\w+|[a-z0-9][a-z0-9._/-]*:[A-Za-z0-9_][A-Za-z0-9_.-]*)`)
)

// address is an address with a port, a time, a line of a file, a user of Kubernetes, or a digest alone:
// it looks like an image with a tag.
var address = regexp.MustCompile(`^((localhost|[0-9.]+|[a-z]+\.json):[0-9]+|system:serviceaccount|sha256:[0-9a-f]{64})$`)

// imagesIn returns the names of images in a file's text.
func imagesIn(path, text string) []string {
	patterns := []*regexp.Regexp{anywhere}
	switch {
	case strings.HasPrefix(filepath.Base(path), "Dockerfile"):
		patterns = append(patterns, inDockerfile)
	default:
		patterns = append(patterns, inYAML)
	}
	var found []string
	for _, pattern := range patterns {
		for _, match := range pattern.FindAllStringSubmatch(text, -1) {
			if name := match[1]; !slices.Contains(found, name) && !address.MatchString(name) {
				found = append(found, name)
			}
		}
	}
	return found
}

// mustPin reports whether a file's images need a digest.
func mustPin(path string) bool {
	return strings.HasPrefix(filepath.Base(path), "Dockerfile") || strings.HasPrefix(path, "installer/") || strings.HasPrefix(path, "exporter/") || strings.HasPrefix(path, "kind/")
}

func TestImageNames(t *testing.T) {
	read := map[string]int{}
	for _, root := range []string{".", "../docs", "../README.md", "../SECURITY.md"} {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			kind := filepath.Ext(path)
			if strings.HasPrefix(e.Name(), "Dockerfile") {
				kind = "Dockerfile"
			}
			if e.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".md", "Dockerfile"}, kind) {
				return nil
			}
			text, err := os.ReadFile(path)
			for _, name := range imagesIn(path, string(text)) {
				read[kind]++
				if fault := imageFault(name, mustPin(path)); fault != "" {
					t.Errorf("%s: image %q: %s", path, name, fault)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if read[".yaml"] < 10 || read[".md"] < 3 || read["Dockerfile"] < 4 {
		t.Errorf("there are more images than those that were found: %v", read)
	}
}

func TestImageFault(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("0123456789abcdef", 4)
	for _, row := range []struct {
		name   string
		pinned bool
		want   string
	}{
		{"docker.io/library/busybox:1.37", false, ""},
		{"docker.io/library/busybox:1.37" + digest, true, ""},
		{"docker.io/library/busybox" + digest, true, ""},
		{"registry.example.com:5000/installer:v1" + digest, true, ""},
		{"seccomp-shim.invalid/installer:local", true, ""},
		{"seccomp-shim/installer:v1", false, "no registry"},
		{"busybox:1.37" + digest, false, "no registry"},
		{"docker.io/library/busybox:latest", false, "the tag is latest"},
		{"seccomp-shim.invalid/installer:latest", false, "the tag is latest"},
		{"docker.io/library/busybox", false, "neither a tag nor a digest"},
		{"docker.io/library/busybox:1.37", true, "no digest"},
		{"docker.io/library/busybox@sha256:0123", false, "invalid reference format"},
		{"scratch", true, ""},
		{"Docker.io/Library/Busybox:1", false, "repository name must be lowercase"},
	} {
		if got := imageFault(row.name, row.pinned); got != row.want && !(row.want != "" && strings.HasPrefix(got, row.want)) {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

// Each way in which a file can name an image is found.
func TestImagesIn(t *testing.T) {
	for _, row := range []struct{ path, text, want string }{
		{"a.yaml", "spec:\n  - image: busybox\n", "[busybox]"},
		{"a.yaml", `containers: [{name: x, image: "a/b"}]`, "[a/b]"},
		{"a.md", "ctr run docker.io/library/busybox:latest x", "[docker.io/library/busybox:latest]"},
		{"a.md", "--build-arg NODE=kindest/node:v1", "[kindest/node:v1]"},
		{"a.md", "`a/b@sha256:0`", "[a/b@sha256:0]"},
		{"a.md", "--listen localhost:80, 10.0.0.7:80, at 09:12:44, redis:7", "[redis:7]"},
		{"Dockerfile", "ARG A=golang\nFROM ${A} AS build\nFROM busybox AS x\n# syntax=docker/dockerfile\n", "[golang busybox docker/dockerfile]"},
	} {
		if got := fmt.Sprint(imagesIn(row.path, row.text)); got != row.want {
			t.Errorf("%s %q: got %s, want %s", row.path, row.text, got, row.want)
		}
	}
}
