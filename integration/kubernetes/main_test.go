// Package kubernetes plays the Kubernetes seccomp tutorial with the files of deploy/ on
// a real cluster of one node: etcd, kube-apiserver, the kubelet and a private
// containerd. This package does the work of the scheduler, and makes the default
// service account in place of the controller manager.
//
// `make e2e-kubernetes` builds the cluster's programs and runs the tests, in new
// namespaces: see private_test.go.
package kubernetes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"seccomp-shim/integration/testbed"
)

// Set by the Makefile: the folder of the cluster's programs, and the folder for logs.
const (
	programsEnv = "SECCOMP_SHIM_KUBERNETES"
	logsEnv     = "SECCOMP_SHIM_KUBERNETES_LOGS"
)

// The state that all tests share. unavailable says why there is no cluster here.
var (
	unavailable string
	k8s         *cluster
)

func TestMain(m *testing.M) {
	programs := os.Getenv(programsEnv)
	if programs == "" {
		unavailable = "needs a cluster, whose programs take minutes to build: make e2e-kubernetes"
		os.Exit(m.Run())
	}
	if why := testbed.Unavailable(testbed.BinDir(), "containerd", "ctr", "http-echo", "containerd-shim-seccomp-v1"); why != "" {
		fmt.Fprintln(os.Stderr, why)
		os.Exit(1)
	}
	if !testbed.IsPrivate() {
		os.Exit(runPrivately())
	}
	os.Exit(run(m, programs))
}

// run runs in the child process: it starts a cluster, runs the tests, and looks for
// what is left.
func run(m *testing.M, programs string) (code int) {
	err := makePrivate()
	if err == nil {
		k8s, err = startCluster(programs, os.Getenv(logsEnv))
	}
	if err == nil {
		code = m.Run()
	}
	if k8s != nil {
		err = errors.Join(err, k8s.stop())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// fromRoot returns the path of a file of this repository.
func fromRoot(elements ...string) string {
	return filepath.Join(append([]string{testbed.ModuleRoot()}, elements...)...)
}
