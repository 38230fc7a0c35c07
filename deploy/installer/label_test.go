package installer

import (
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// podFiles makes the folder of a pod's token, with the authority of the server.
func podFiles(t *testing.T, server *httptest.Server) string {
	t.Helper()
	dir := t.TempDir()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for name, text := range map[string]string{"token": "secret\n", "ca.crt": string(authority)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// podEnvironment returns the environment of a pod on a node, for the server.
func podEnvironment(t *testing.T, server *httptest.Server, node string) func(string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port, "NODE_NAME": node}
	return func(name string) string { return values[name] }
}

// The installer sends one patch of one label, with the pod's token, and believes only a node that
// is as it asked.
func TestLabel(t *testing.T) {
	const (
		set     = `{"metadata":{"labels":{"io.containerd.seccomp.v1/handler":"seccomp"}}}`
		removed = `{"metadata":{"labels":{"io.containerd.seccomp.v1/handler":null}}}`
	)
	for _, row := range []struct {
		name   string
		set    bool
		patch  string
		status int
		answer string
		want   string // of the error; "" for none
	}{
		{"set", true, set, 200, set, ""},
		{"removed", false, removed, 200, `{"metadata":{"labels":{"other":"1"}}}`, ""},
		{"forbidden", true, set, 403, `{"kind":"Status","message":"nodes \"a/b\" is forbidden"}`,
			`node "a/b": the API server answers 403 Forbidden: nodes "a/b" is forbidden: is all of deploy/installer/label applied?`},
		{"gone", false, removed, 404, `{"message":"nodes \"a/b\" not found"}`, `node "a/b": the API server answers 404 Not Found: nodes "a/b" not found`},
		{"no JSON", true, set, 502, "<html>", `node "a/b": the API server answers 502 Bad Gateway: `},
		{"redirected", true, set, 302, "", `node "a/b": the API server answers 302 Found: `},
		{"no node", true, set, 200, "ok", `node "a/b": the API server's answer is no node: `},
		{"dropped by an admission webhook", true, set, 200, `{"metadata":{"labels":{}}}`, `accepted the patch, but the node's labels are map[]`},
		{"not removed", false, removed, 200, set, `accepted the patch, but the node's labels are map[io.containerd.seccomp.v1/handler:seccomp]`},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got string
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got += strings.Join([]string{r.Method, r.URL.EscapedPath(), r.Header.Get("Content-Type"), r.Header.Get("Authorization"), string(body)}, " ")
				w.Header().Set("Location", "/other")
				w.WriteHeader(row.status)
				_, _ = io.WriteString(w, row.answer)
			}))
			t.Cleanup(server.Close)
			api, err := newAPIServer(podFiles(t, server), podEnvironment(t, server, "a/b"))
			if err != nil {
				t.Fatal(err)
			}
			err = api.label(row.set)
			if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
			if want := "PATCH /api/v1/nodes/a%2Fb application/merge-patch+json Bearer secret " + row.patch; got != want {
				t.Errorf("it sends\n%s, want\n%s", got, want)
			}
		})
	}
}

// The token goes only to a server of the cluster's authority.
func TestLabelOfAnotherServer(t *testing.T) {
	asked := false
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true })
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	dir := podFiles(t, server)
	environment := podEnvironment(t, server, "n")
	api, err := newAPIServer(dir, func(name string) string {
		if name == "KUBERNETES_SERVICE_HOST" {
			return "localhost" // the certificate has no such name
		}
		return environment(name)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := api.label(true); err == nil || !strings.Contains(err.Error(), "certificate is valid for") || asked {
		t.Errorf("asked: %v, error: %v", asked, err)
	}
}

// What the kubelet has to give is named if it is missing.
func TestLabelWithoutAPod(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	environment := podEnvironment(t, server, "n")
	for _, name := range []string{"KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "NODE_NAME"} {
		_, err := newAPIServer(podFiles(t, server), func(asked string) string {
			if asked == name {
				return ""
			}
			return environment(asked)
		})
		if err == nil || !strings.HasPrefix(err.Error(), name+" is not set: ") {
			t.Errorf("without %s: %v", name, err)
		}
	}
	for _, name := range []string{"token", "ca.crt"} {
		dir := podFiles(t, server)
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if _, err := newAPIServer(dir, environment); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
	dir := podFiles(t, server)
	if err := os.WriteFile(filepath.Join(dir, "ca.crt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newAPIServer(dir, environment); err == nil || !strings.HasSuffix(err.Error(), "ca.crt has no certificate") {
		t.Errorf("with an empty authority: %v", err)
	}
}
