package bootstrap

import (
	"strings"
	"testing"
)

const arguments = "-namespace k8s.io -address /run/c.sock -publish-binary /usr/bin/containerd -id c1"

func TestRoles(t *testing.T) {
	for _, row := range []struct {
		args string
		want Role
	}{
		{arguments + " start", Start},
		{arguments + " -debug start", Start},
		{arguments + " -bundle /run/b delete", RunShim},
		{"-namespace k8s.io -id c1 -address /run/c.sock", RunShim},
		{"-namespace k8s.io -id start -address /run/c.sock -debug", RunShim},
		{"-info", RunShim},
		{"-namespace k8s.io -info", RunShim},
		{"-v", Version},
		{"-debug -version", Version},
		{arguments + " -misspelt start", RunShim},
		{"", RunShim},
	} {
		if got := ParseArguments(strings.Fields(row.args)).Role(); got != row.want {
			t.Errorf("%s: got %v, want %v", row.args, got, row.want)
		}
	}
	want := Arguments{action: "start", id: "c1", namespace: "k8s.io", address: "/run/c.sock", Debug: true}
	if got := ParseArguments(strings.Fields(arguments + " -debug start")); *got != want {
		t.Errorf("got %+v, want %+v", *got, want)
	}
}
