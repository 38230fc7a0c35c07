package installer

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"seccomp-shim/deploy/installer/config"
)

// labelKey is the label of nodes that have the handler: deploy/kubernetes/scheduling selects
// nodes by it. Its prefix is the name of the runtime type, as that of the annotations is.
const labelKey = "io.containerd.seccomp.v1/handler"

const (
	// The kubelet puts the token and the API server's authority there (deploy/installer/label).
	tokenDir = "/var/run/secrets/kubernetes.io/serviceaccount"
	// labelTime is for one request. If it fails, the kubelet starts the container again.
	labelTime = 30 * time.Second
	// maxAnswer is more than a Node object has: etcd refuses larger objects.
	maxAnswer = 4 << 20
)

// An apiServer is the cluster's API server, as one pod may use it.
type apiServer struct {
	url, token, node string
	client           *http.Client
}

// newAPIServer reads what the kubelet gives to a pod.
func newAPIServer(dir string, getenv func(string) string) (*apiServer, error) {
	for _, name := range []string{"KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "NODE_NAME"} {
		if getenv(name) == "" {
			return nil, fmt.Errorf("%s is not set: label and unlabel run in the pods of deploy/installer/label; elsewhere use kubectl label node NAME %s=%s",
				name, labelKey, config.Handler)
		}
	}
	token, err := os.ReadFile(filepath.Join(dir, "token"))
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("%s has no certificate", filepath.Join(dir, "ca.crt"))
	}
	return &apiServer{
		url:   "https://" + net.JoinHostPort(getenv("KUBERNETES_SERVICE_HOST"), getenv("KUBERNETES_SERVICE_PORT")),
		token: strings.TrimSpace(string(token)),
		node:  getenv("NODE_NAME"),
		client: &http.Client{
			// No proxy of the environment receives the token, and no redirection's target.
			Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// label sets the label on the pod's node, or removes it.
func (s *apiServer) label(set bool) error {
	var value *string
	if set {
		handler := config.Handler
		value = &handler
	}
	// In a JSON merge patch (RFC 7396) null removes a field, which may be absent.
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": map[string]*string{labelKey: value}}})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), labelTime)
	defer cancel()
	address := s.url + "/api/v1/nodes/" + url.PathEscape(s.node) + "?fieldManager=node-installer"
	request, err := http.NewRequestWithContext(ctx, http.MethodPatch, address, bytes.NewReader(patch))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	request.Header.Set("Content-Type", "application/merge-patch+json")
	request.Header.Set("Accept", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	return s.judge(response, body, value)
}

// judge reads the answer: the node as it is now, or the reason of the refusal.
func (s *apiServer) judge(response *http.Response, body []byte, want *string) error {
	var answer struct {
		Message  string // of a Status
		Metadata struct{ Labels map[string]string }
	}
	err := json.Unmarshal(body, &answer)
	switch {
	case response.StatusCode == http.StatusForbidden:
		return fmt.Errorf("node %q: the API server answers %s: %s: is all of deploy/installer/label applied?", s.node, response.Status, answer.Message)
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("node %q: the API server answers %s: %s", s.node, response.Status, answer.Message)
	case err != nil:
		return fmt.Errorf("node %q: the API server's answer is no node: %w", s.node, err)
	}
	got, found := answer.Metadata.Labels[labelKey]
	if found != (want != nil) || found && got != *want {
		return fmt.Errorf("node %q: the API server has accepted the patch, but the node's labels are %v", s.node, answer.Metadata.Labels)
	}
	return nil
}

// labelNode sets the label on the node of this pod, or removes it.
func labelNode(set bool, out io.Writer) error {
	server, err := newAPIServer(tokenDir, os.Getenv)
	if err != nil {
		return err
	}
	if err := server.label(set); err != nil {
		return err
	}
	if set {
		fmt.Fprintf(out, "node-installer: node %s has the label %s=%s\n", server.node, labelKey, config.Handler)
	} else {
		fmt.Fprintf(out, "node-installer: node %s has no label %s\n", server.node, labelKey)
	}
	return nil
}
