package main

import (
	"os"
	"strings"
	"testing"
)

// SECURITY.md tells people which CVEs of these modules are theirs.
func TestSecurityNamesTheVersions(t *testing.T) {
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []module{runc, ttrpc} {
		if want := "`" + m.path + "` " + m.version; !strings.Contains(string(text), want) {
			t.Errorf("SECURITY.md does not say %s", want)
		}
	}
}
