package integration

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
	"seccomp-shim/seccomp/denials"
)

// From nothing to a profile that enforces: the echo server is recorded while it serves, the
// profile is generated, and under it the server serves. A call that it did not make is refused
// and named.
func TestRecordGenerateEnforce(t *testing.T) {
	t.Parallel()
	if _, ok := programs["/bin/http-echo"]; !ok {
		t.Skip("http-echo is not built: make test does it")
	}
	id := newRecordedID(t)
	server := startEcho(t, id, "observe = \"record\"\n", nil)
	server.mustServe(t, "/", "recorded")
	server.stop(t)

	text := generated(t, recordingsOf(id)...)
	p := profile(t, text)
	if !slices.Equal(p.Architectures, []specs.Arch{specs.ArchX86_64}) && !slices.Equal(p.Architectures, []specs.Arch{specs.ArchAARCH64}) {
		t.Errorf("the architectures are %v", p.Architectures)
	}
	narrow := newObservedID(t)
	server = startEcho(t, narrow, "observe = \"denials\"\n", p)
	server.mustServe(t, "/", "recorded")
	server.mustServe(t, "/syscall/unshare", "unshare: EPERM")
	server.mustServe(t, "/", "recorded")
	server.stop(t)
	report := readReport(t, narrow)
	if len(report.Denials) != 1 || report.Denials[0].Syscall != "unshare" || report.Denials[0].Kind != denials.Init {
		t.Errorf("the denials are %s", encoded(t, report.Denials))
	}

	// The profile heals: what was refused is proposed, and added.
	healed := generated(t, append([]string{"--add-denials", narrow}, recordingsOf(id)...)...)
	server = startEcho(t, newObservedID(t), "observe = \"denials\"\n", profile(t, healed))
	server.mustServe(t, "/syscall/unshare", "unshare: ok")
	server.stop(t)
	if said := generated(t, "--add-denials", narrow); !strings.Contains(said, "unshare: unshare(0x0) ×1, asked for by /bin/http-echo (init of "+narrow+")") {
		t.Errorf("proposed: %s", said)
	}
}

// generated is the output of seccompctl generate.
func generated(t *testing.T, args ...string) string {
	t.Helper()
	tool := exec.Command(filepath.Join(testbed.BinDir(), "seccompctl"), append([]string{"generate"}, args...)...)
	var said bytes.Buffer
	tool.Stderr = &said
	text, err := tool.Output()
	if err != nil {
		t.Fatalf("%v: %v: %s", tool.Args, err, &said)
	}
	return string(text)
}

// An echoServer is a container on the host's network.
type echoServer struct {
	*container
	address string
}

func startEcho(t *testing.T, id, more string, p *specs.LinuxSeccomp) *echoServer {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	_, port, _ := net.SplitHostPort(address)
	c := containerUnder(t, id, more, []string{"/bin/http-echo", "-listen", ":" + port, "-text", "recorded"}, under(p), oci.WithHostNamespace(specs.NetworkNamespace))
	c.run(t)
	return &echoServer{c, address}
}

func (s *echoServer) mustServe(t *testing.T, path, want string) {
	t.Helper()
	client := http.Client{Timeout: 5 * time.Second}
	var got string
	eventually(t, "the server answers "+path, func() bool {
		answer, err := client.Get("http://" + s.address + path)
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		got = strings.TrimSpace(string(body))
		return err == nil
	})
	if got != want {
		t.Errorf("%s: the server says %q, want %q", path, got, want)
	}
}

func (s *echoServer) stop(t *testing.T) {
	t.Helper()
	if err := s.task.Kill(bounded(t), unix.SIGKILL); err != nil {
		t.Error(err)
	}
	if got := s.end(t); got.code != 137 || got.stderr != "" {
		t.Errorf("the server ended: %+v", got)
	}
}
