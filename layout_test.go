// Package layout holds the rules of this repository that a test can keep.
package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// mayImport says what each room imports besides the standard library. A name
// ending in a slash stands for all below it.
var mayImport = map[string][]string{
	// What is pure stays free of the host, of containerd and of libcontainer.
	"bpf":                 {},
	"mistake":             {},
	"mistake/mistaketest": {},
	"version":             {},
	"seccomp":             {"seccomp-shim/mistake", "github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/seccomptest": {"github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/meaning/meaningtest": {
		"seccomp-shim/bpf", "seccomp-shim/seccomp", "seccomp-shim/seccomp/meaning",
		"github.com/opencontainers/runtime-spec/specs-go",
	},
	"seccomp/resolve": {
		"seccomp-shim/mistake", "seccomp-shim/seccomp", "seccomp-shim/seccomp/denials", "seccomp-shim/seccomp/floors",
		"github.com/opencontainers/runtime-spec/specs-go",
		"github.com/containerd/containerd/v2/contrib/seccomp", // the default profile, and nothing else of containerd
		"golang.org/x/sys/unix",
	},
	"seccomp/syscalls": {"seccomp-shim/bpf", "github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/meaning": {
		"seccomp-shim/bpf", "seccomp-shim/seccomp",
		"github.com/opencontainers/runtime-spec/specs-go",
	},
	"seccomp/check": {
		"seccomp-shim/bpf", "seccomp-shim/seccomp/meaning",
		"github.com/opencontainers/runtime-spec/specs-go",
	},
	"seccomp/explain": {
		"seccomp-shim/bpf", "seccomp-shim/seccomp", "seccomp-shim/seccomp/meaning",
		"github.com/opencontainers/runtime-spec/specs-go",
	},
	"seccomp/compare": {
		"seccomp-shim/bpf", "seccomp-shim/seccomp", "seccomp-shim/seccomp/check", "seccomp-shim/seccomp/explain", "seccomp-shim/seccomp/meaning",
		"github.com/opencontainers/runtime-spec/specs-go",
	},
	"seccomp/arguments":        {"github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/arguments/derive": {},
	"seccomp/lint": {
		"seccomp-shim/bpf", "seccomp-shim/mistake", "seccomp-shim/seccomp", "seccomp-shim/seccomp/arguments", "seccomp-shim/seccomp/check", "seccomp-shim/seccomp/explain",
		"seccomp-shim/seccomp/meaning",
		"github.com/opencontainers/runtime-spec/specs-go",
	},
	"seccomp/denials": {
		"seccomp-shim/bpf", "seccomp-shim/mistake", "seccomp-shim/seccomp/explain", "seccomp-shim/seccomp/meaning",
		"github.com/opencontainers/runtime-spec/specs-go",
	},
	"seccomp/audit":     {"seccomp-shim/seccomp/denials", "golang.org/x/sys/unix"},
	"seccomp/reports":   {"seccomp-shim/seccomp/denials"},
	"seccomp/floors":    {},
	"seccomp/recording": {"seccomp-shim/mistake", "seccomp-shim/seccomp/denials", "github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/generate": {
		"seccomp-shim/mistake", "seccomp-shim/seccomp/denials", "seccomp-shim/seccomp/meaning", "seccomp-shim/seccomp/recording",
		"github.com/opencontainers/runtime-spec/specs-go",
	},
	"seccomp/cache":     {"golang.org/x/sys/unix"},
	"seccomp/installed": {"seccomp-shim/bpf", "golang.org/x/sys/unix"},
	// cgo of ours stops here.
	"seccomp/libseccomp": {
		"seccomp-shim/bpf", "seccomp-shim/seccomp", "seccomp-shim/seccomp/meaning", "seccomp-shim/seccomp/syscalls",
		"github.com/opencontainers/runtime-spec/specs-go",
		"github.com/seccomp/libseccomp-golang", // cgo
		"golang.org/x/sys/unix",
	},
	"seccomp/emit": {"seccomp-shim/bpf", "seccomp-shim/seccomp/meaning", "github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/compile": {
		"seccomp-shim/bpf", "seccomp-shim/mistake", "seccomp-shim/seccomp", "seccomp-shim/seccomp/cache", "seccomp-shim/seccomp/check", "seccomp-shim/seccomp/denials", "seccomp-shim/seccomp/emit",
		"seccomp-shim/seccomp/libseccomp", "seccomp-shim/seccomp/meaning", "seccomp-shim/seccomp/syscalls",
		"github.com/opencontainers/runtime-spec/specs-go", "github.com/opencontainers/runtime-spec/specs-go/features",
		"golang.org/x/sys/unix",
	},
	// libcontainer stops here, and knows nothing of how a profile is chosen.
	"shim/container": {
		"seccomp-shim/bpf", "seccomp-shim/mistake", "seccomp-shim/seccomp/installed",
		"seccomp-shim/shim/container/dump", "seccomp-shim/shim/container/initfile", "seccomp-shim/shim/container/load", "seccomp-shim/shim/poll", "seccomp-shim/shim/stdio",
		"github.com/opencontainers/runc/libcontainer", "github.com/opencontainers/runc/libcontainer/",
		"github.com/opencontainers/cgroups", "github.com/opencontainers/cgroups/",
		"github.com/opencontainers/runtime-spec/specs-go", "github.com/opencontainers/runtime-spec/specs-go/features",
		"github.com/opencontainers/selinux/go-selinux",
		"github.com/containerd/cgroups/v3", "github.com/containerd/cgroups/v3/",
		"github.com/sirupsen/logrus",
		"golang.org/x/sys/unix",
		"google.golang.org/protobuf/proto",
	},
	"shim/container/dump":     {"google.golang.org/protobuf/encoding/protowire"},
	"shim/container/initfile": {"github.com/opencontainers/runc/libcontainer/exeseal", "golang.org/x/sys/unix"},
	"shim/container/initprocess": {
		"seccomp-shim/shim/container/load", "seccomp-shim/shim/descriptors",
		"github.com/opencontainers/runc/libcontainer", "github.com/opencontainers/runc/libcontainer/nsenter",
	},
	"shim/container/load": {"seccomp-shim/mistake", "seccomp-shim/shim/rights", "golang.org/x/sys/unix"},
	"shim/patch":          {"golang.org/x/mod/sumdb/dirhash"},
	"shim/prefork":        {"golang.org/x/sys/unix"},
	"shim/descriptors":    {"github.com/opencontainers/runc/libcontainer/utils"},
	"shim/observe": {
		"seccomp-shim/bpf", "seccomp-shim/mistake", "seccomp-shim/seccomp/audit", "seccomp-shim/seccomp/denials", "seccomp-shim/shim/privatefile",
		"github.com/opencontainers/runtime-spec/specs-go",
		"github.com/sirupsen/logrus",
		"golang.org/x/sys/unix",
	},
	// eBPF of ours stops here. libcontainer links the library too, for devices.
	"shim/record": {
		"seccomp-shim/bpf", "seccomp-shim/mistake", "seccomp-shim/seccomp/denials", "seccomp-shim/seccomp/meaning", "seccomp-shim/seccomp/recording", "seccomp-shim/shim/privatefile",
		"github.com/cilium/ebpf", "github.com/cilium/ebpf/asm", "github.com/cilium/ebpf/link",
		"github.com/opencontainers/runtime-spec/specs-go",
		"github.com/sirupsen/logrus",
		"golang.org/x/sys/unix",
	},
	"shim/privatefile": {"golang.org/x/sys/unix"},
	"shim/poll":        {},
	"shim/rights":      {"golang.org/x/sys/unix"},
	"shim/stdio":       {"seccomp-shim/shim/poll", "seccomp-shim/shim/rights", "golang.org/x/sys/unix"},
	// containerd stops in these, which have its words: bundle, options, bootstrap, task.
	// bootstrap and task do not import each other; shim, which picks the role, has both.
	"shim/bundle": {
		"seccomp-shim/mistake",
		"github.com/containerd/containerd/api/types", "github.com/containerd/containerd/v2/core/mount", "github.com/containerd/errdefs",
	},
	"shim/options": {
		"seccomp-shim/mistake", "seccomp-shim/seccomp/denials",
		"github.com/containerd/containerd/api/types/runc/options", "github.com/containerd/containerd/api/types/runtimeoptions/v1", "github.com/containerd/typeurl/v2",
		"github.com/pelletier/go-toml/v2",
	},
	"shim/bootstrap": {
		"seccomp-shim/mistake", "seccomp-shim/seccomp/compile", "seccomp-shim/seccomp/libseccomp", "seccomp-shim/seccomp/resolve", "seccomp-shim/version",
		"seccomp-shim/shim/bundle", "seccomp-shim/shim/container", "seccomp-shim/shim/options", "seccomp-shim/shim/poll", "seccomp-shim/shim/prefork",
		"github.com/containerd/cgroups/v3", "github.com/containerd/cgroups/v3/", // the option ShimCgroup
		"github.com/containerd/containerd/api/",
		"github.com/containerd/containerd/v2/core/runtime", "github.com/containerd/containerd/v2/defaults",
		"github.com/containerd/containerd/v2/pkg/namespaces", "github.com/containerd/containerd/v2/pkg/shim",
		"github.com/containerd/errdefs", "github.com/containerd/log", "github.com/containerd/typeurl/v2",
		"golang.org/x/sys/unix",
		"google.golang.org/protobuf/",
	},
	"shim/task": {
		"seccomp-shim/mistake", "seccomp-shim/seccomp", "seccomp-shim/seccomp/cache", "seccomp-shim/seccomp/compile", "seccomp-shim/seccomp/denials", "seccomp-shim/seccomp/floors", "seccomp-shim/seccomp/libseccomp", "seccomp-shim/seccomp/recording", "seccomp-shim/seccomp/resolve",
		"seccomp-shim/shim/bundle", "seccomp-shim/shim/container", "seccomp-shim/shim/observe", "seccomp-shim/shim/record", "seccomp-shim/shim/options", "seccomp-shim/shim/stdio",
		"github.com/containerd/containerd/api/",
		"github.com/containerd/containerd/v2/core/events", "github.com/containerd/containerd/v2/core/runtime",
		"github.com/containerd/containerd/v2/pkg/namespaces", "github.com/containerd/containerd/v2/pkg/protobuf",
		"github.com/containerd/containerd/v2/pkg/shutdown", "github.com/containerd/containerd/v2/pkg/ttrpcutil",
		"github.com/containerd/errdefs", "github.com/containerd/errdefs/pkg/errgrpc",
		"github.com/containerd/log", "github.com/containerd/ttrpc", "github.com/containerd/typeurl/v2",
		"github.com/opencontainers/runtime-spec/specs-go",
		"golang.org/x/sys/unix",
		"google.golang.org/grpc/codes", "google.golang.org/grpc/status",
		"google.golang.org/protobuf/",
	},
	"shim": {
		"seccomp-shim/mistake", "seccomp-shim/seccomp/libseccomp", "seccomp-shim/version",
		"seccomp-shim/shim/bootstrap", "seccomp-shim/shim/container", "seccomp-shim/shim/container/initfile",
		"seccomp-shim/shim/descriptors", "seccomp-shim/shim/options", "seccomp-shim/shim/task",
		"github.com/containerd/containerd/v2/pkg/shim", "github.com/containerd/containerd/v2/pkg/shutdown", "github.com/containerd/containerd/v2/plugins",
		"github.com/containerd/fifo", "github.com/containerd/log", "github.com/containerd/plugin", "github.com/containerd/plugin/registry",
		"golang.org/x/sys/unix",
	},
	// What only people need, such as a library for command lines, stops here: the
	// shim is also every container's init, and pays for what it links.
	"cmd/seccompctl":       {"seccomp-shim/cmd/seccompctl/command", "seccomp-shim/seccomp/libseccomp"},
	"cmd/seccompctl/owner": {"seccomp-shim/seccomp/audit", "seccomp-shim/seccomp/denials"},
	"cmd/seccompctl/page": {
		"seccomp-shim/mistake", "seccomp-shim/seccomp", "seccomp-shim/seccomp/arguments", "seccomp-shim/seccomp/compare", "seccomp-shim/seccomp/denials",
		"seccomp-shim/seccomp/explain", "seccomp-shim/seccomp/lint", "seccomp-shim/seccomp/meaning",
		"github.com/opencontainers/runtime-spec/specs-go",
	},
	"cmd/seccompctl/formats": {
		"seccomp-shim/mistake", "seccomp-shim/seccomp",
		"github.com/opencontainers/runtime-spec/specs-go",
		"golang.org/x/sys/unix",
		"sigs.k8s.io/yaml",
	},
	"cmd/seccompctl/command": {
		"seccomp-shim/cmd/seccompctl/formats", "seccomp-shim/cmd/seccompctl/owner", "seccomp-shim/cmd/seccompctl/page",
		"seccomp-shim/bpf", "seccomp-shim/mistake", "seccomp-shim/seccomp", "seccomp-shim/seccomp/", "seccomp-shim/version",
		"github.com/moby/sys/capability",
		"github.com/opencontainers/runtime-spec/specs-go",
		"github.com/spf13/cobra", "github.com/spf13/pflag",
		"golang.org/x/sys/unix",
	},
	// The client libraries of Prometheus and Kubernetes stop here.
	"cmd/seccomp-exporter": {
		"seccomp-shim/cmd/seccomp-exporter/events", "seccomp-shim/cmd/seccomp-exporter/metrics", "seccomp-shim/mistake", "seccomp-shim/seccomp/denials", "seccomp-shim/version",
		"github.com/prometheus/client_golang/prometheus/promhttp",
	},
	"cmd/seccomp-exporter/events": {
		"seccomp-shim/mistake", "seccomp-shim/seccomp/denials", "seccomp-shim/seccomp/reports",
		"k8s.io/api/core/v1", "k8s.io/apimachinery/pkg/", "k8s.io/client-go/rest",
	},
	"cmd/seccomp-exporter/metrics": {
		"seccomp-shim/seccomp/denials", "seccomp-shim/seccomp/reports", "seccomp-shim/version",
		"github.com/prometheus/client_golang/prometheus", "github.com/prometheus/client_golang/prometheus/collectors",
	},
	// The text of containerd's configuration, and what a node is.
	"deploy/installer/config": {"github.com/pelletier/go-toml/v2", "github.com/pelletier/go-toml/v2/unstable"},
	"deploy/installer": {
		"seccomp-shim/deploy/installer/config",
		"golang.org/x/net/http2", "golang.org/x/net/http2/hpack", // framing alone
		"golang.org/x/sys/unix",
		"google.golang.org/protobuf/encoding/protowire",
	},
	"cmd/node-installer":         {"seccomp-shim/deploy/installer"},
	"deploy/packages/parts":      {"github.com/CycloneDX/cyclonedx-go"},
	"deploy/packages/provenance": {},
	"deploy/packages/manual": {
		"seccomp-shim/cmd/seccompctl/command",
		"github.com/spf13/cobra", "github.com/spf13/cobra/doc",
	},
	"cmd/containerd-shim-seccomp-v1": {"seccomp-shim/seccomp/libseccomp", "seccomp-shim/shim", "seccomp-shim/shim/container/initprocess"},
	"cmd/seccomp-shim-init":          {"seccomp-shim/shim/container/initprocess", "seccomp-shim/version"},
}

// mayLink says which packages of others a pure room links, directly and through its
// imports. It links none by cgo.
var mayLink = map[string][]string{
	"bpf":               nil,
	"mistake":           nil,
	"version":           nil,
	"seccomp":           {"github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/syscalls":  {"github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/meaning":   {"github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/check":     {"github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/explain":   {"github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/arguments": {"github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/lint":      {"github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/compare":   {"github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/denials":   {"github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/emit":      {"github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/recording": {"github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/generate":  {"github.com/opencontainers/runtime-spec/specs-go"},
	"seccomp/installed": {"golang.org/x/sys/unix"},
}

type pkg struct {
	Dir, ImportPath  string
	GoFiles, Imports []string
	CgoFiles         []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=Dir,ImportPath,GoFiles,CgoFiles,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles)+len(p.CgoFiles) > 0 {
			all = append(all, p)
		}
	}
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		room := strings.TrimPrefix(p.ImportPath, "seccomp-shim/")
		if strings.HasPrefix(room, "integration") {
			continue // tests may import anything
		}
		allowed, ok := mayImport[room]
		if !ok {
			t.Errorf("%s: not in the table: say what it may import", room)
		}
		for _, imported := range p.Imports {
			if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") && first != "seccomp-shim" {
				continue // the standard library
			}
			if !slices.ContainsFunc(allowed, func(a string) bool {
				return imported == a || strings.HasSuffix(a, "/") && strings.HasPrefix(imported, a)
			}) {
				t.Errorf("%s imports %s", room, imported)
			}
		}
	}
}

func TestPureRooms(t *testing.T) {
	for room, allowed := range mayLink {
		out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{if .CgoFiles}} by cgo{{end}}{{end}}", "./"+room).Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		for linked := range strings.Lines(string(out)) {
			linked = strings.TrimSpace(linked)
			isOurs := strings.HasPrefix(linked, "seccomp-shim/") && !strings.HasSuffix(linked, "by cgo")
			if !isOurs && !slices.Contains(allowed, linked) {
				t.Errorf("%s links %s", room, linked)
			}
		}
	}
}

// Packages that support tests are in no binary.
func TestNoTestSupportInBinaries(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "./cmd/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, linked := range strings.Fields(string(out)) {
		if strings.HasPrefix(linked, "seccomp-shim/") && strings.HasSuffix(linked, "test") || linked == "testing" {
			t.Errorf("a binary links %s", linked)
		}
	}
}

// What only the exporter needs is in no other binary, and the exporter has no C library.
func TestExporterIsAlone(t *testing.T) {
	clients := []string{"github.com/prometheus/", "k8s.io/client-go/"}
	for _, binary := range []string{"containerd-shim-seccomp-v1", "seccomp-shim-init", "seccompctl", "node-installer", "seccomp-exporter"} {
		out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{if .CgoFiles}} by cgo{{end}}{{end}}", "./cmd/"+binary).Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		isExporter := binary == "seccomp-exporter"
		for _, client := range clients {
			if strings.Contains(string(out), client) != isExporter {
				t.Errorf("%s links %s: %v", binary, client, !isExporter)
			}
		}
		if isExporter && strings.Contains(string(out), " by cgo") {
			t.Errorf("%s links:\n%s", binary, out)
		}
	}
}

// A filter comes from seccomp/compile or not at all: libcontainer's own compiler
// is not in the binary.
func TestNoOtherCompiler(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "./cmd/containerd-shim-seccomp-v1").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, "github.com/opencontainers/runc/libcontainer") {
		t.Error("libcontainer is not in the binary")
	}
	if other := "github.com/opencontainers/runc/libcontainer/seccomp/patchbpf"; slices.Contains(deps, other) {
		t.Errorf("%s is in the binary", other)
	}
}

// All that is in the repository can be reviewed as text. The input of one test is UTF-16.
func TestNoBinaryFiles(t *testing.T) {
	out, err := exec.Command("git", "ls-files", "-z").Output()
	if err != nil {
		t.Skip("needs the repository: ", err)
	}
	for _, name := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		info, err := os.Lstat(name)
		if err != nil || !info.Mode().IsRegular() || name == "seccomp/testdata/written/utf-16.json" {
			continue // a link, or removed and not committed yet
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(text, 0) >= 0 || !utf8.Valid(text) {
			t.Errorf("%s is not text", name)
		}
	}
}
