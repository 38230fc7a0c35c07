package main

import (
	"os"
	"strings"
	"testing"
)

// SECURITY.md tells people which CVEs of runc are theirs.
func TestSecurityNamesTheVersion(t *testing.T) {
	text, err := os.ReadFile("../../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := "`" + module + "` " + version; !strings.Contains(string(text), want) {
		t.Errorf("SECURITY.md does not say %s", want)
	}
	mod, err := os.ReadFile("../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if want := module + " " + version; !strings.Contains(string(mod), want) {
		t.Errorf("go.mod does not require %s", want)
	}
}
