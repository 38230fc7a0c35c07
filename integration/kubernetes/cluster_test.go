package kubernetes

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"seccomp-shim/integration/testbed"
)

const (
	startTimeout = 2 * time.Minute // of a kubelet with many probes
	pollInterval = 100 * time.Millisecond

	certificates = "/var/lib/kubernetes"
	etcdURL      = "http://127.0.0.1:2379"
	apiserverURL = "https://" + nodeAddress + ":6443"
)

// cluster is a node and the programs that give it pods.
type cluster struct {
	programs, logs           string // folders
	etcd, apiserver, kubelet *daemon
	node                     *testbed.Node
}

// startCluster starts the programs in the order in which they need each other. The
// caller stops the result, also after an error.
func startCluster(programs, logs string) (*cluster, error) {
	if err := errors.Join(os.MkdirAll(logs, 0o755), os.MkdirAll(certificates, 0o755)); err != nil {
		return nil, err
	}
	c := &cluster{programs: programs, logs: logs}
	c.etcd = c.daemon("etcd", etcdFlags())
	c.apiserver = c.daemon("kube-apiserver", apiserverFlags())
	c.kubelet = c.daemon("kubelet", kubeletFlags())
	for _, d := range []*daemon{c.etcd, c.apiserver, c.kubelet} {
		if err := os.RemoveAll(d.log); err != nil { // of an earlier run
			return nil, err
		}
	}
	for _, step := range []func() error{
		writeCredentials, c.startEtcd, c.startAPIServer, c.createDefaults,
		c.startContainerd, func() error { return writeKubeletConfig("") }, makeCgroup, c.startKubelet,
	} {
		if err := step(); err != nil {
			return c, fmt.Errorf("start the cluster: %w", err)
		}
	}
	return c, nil
}

func (c *cluster) daemon(name string, flags []string) *daemon {
	return &daemon{path: filepath.Join(c.programs, name), args: flags, log: c.log(name)}
}

// log returns the path of a program's log.
func (c *cluster) log(name string) string { return filepath.Join(c.logs, name+".log") }

// stop stops all, in reverse order. It fails if pods have left something: the kubelet
// must remove their cgroups, and the node must have no trace of containers.
func (c *cluster) stop() error {
	var errs []error
	if c.kubelet.running() {
		errs = append(errs, c.deletePods(), awaitNoPodCgroups())
	}
	errs = append(errs, c.kubelet.stop())
	if c.node != nil {
		errs = append(errs, c.node.Stop())
	}
	return errors.Join(append(errs, removeCgroup(), c.apiserver.stop(), c.etcd.stop())...)
}

func etcdFlags() []string {
	return []string{
		"--data-dir=/var/lib/etcd",
		"--listen-client-urls=" + etcdURL, "--advertise-client-urls=" + etcdURL,
		"--listen-peer-urls=http://127.0.0.1:2380",
	}
}

func (c *cluster) startEtcd() error {
	if err := c.etcd.start(); err != nil {
		return err
	}
	return c.etcd.await(startTimeout, func() error { return askHealth(etcdURL + "/health") })
}

func apiserverFlags() []string {
	in := func(name string) string { return filepath.Join(certificates, name) }
	return []string{
		"--etcd-servers=" + etcdURL,
		"--advertise-address=" + nodeAddress, "--secure-port=6443", "--cert-dir=" + certificates,
		"--service-cluster-ip-range=10.96.0.0/24",
		"--token-auth-file=" + in("tokens.csv"), "--authorization-mode=Node,RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-signing-key-file=" + in("service-account.key"),
		"--service-account-key-file=" + in("service-account.key"),
		"--kubelet-preferred-address-types=InternalIP", // no DNS has the node's name
		"--endpoint-reconciler-type=none",              // no client uses the service's address
		"--allow-privileged",
	}
}

func (c *cluster) startAPIServer() error {
	if err := c.apiserver.start(); err != nil {
		return err
	}
	return c.apiserver.await(startTimeout, func() error {
		_, err := c.run("", "get", "--raw", "/readyz")
		return err
	})
}

// createDefaults makes the service account that the controller manager makes for each
// namespace. Pods get no token, because the controller manager makes the certificates
// for it too.
func (c *cluster) createDefaults() error {
	const account = `{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"},
		"automountServiceAccountToken": false}`
	_, err := c.run(account, "create", "-f", "-")
	return err
}

// writeCredentials writes tokens for a person, the kubelet and the exporter, a kubeconfig for
// the first two, and the key for service accounts.
func writeCredentials() error {
	const tokens = "person-token,person,1,system:masters\nkubelet-token,system:node:" + nodeName + ",2,system:nodes\n" + exporterToken
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	for name, content := range map[string][]byte{
		"service-account.key": keyPEM,
		"tokens.csv":          []byte(tokens),
		"person.conf":         kubeconfig("person-token"),
		"kubelet.conf":        kubeconfig("kubelet-token"),
	} {
		if err := os.WriteFile(filepath.Join(certificates, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// kubeconfig trusts the certificate that kube-apiserver makes for itself.
func kubeconfig(token string) []byte {
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
- name: e2e
  cluster:
    server: %s
    certificate-authority: %s/apiserver.crt
users:
- name: e2e
  user:
    token: %s
contexts:
- name: e2e
  context:
    cluster: e2e
    user: e2e
current-context: e2e
`, apiserverURL, certificates, token)
}

func askHealth(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}
