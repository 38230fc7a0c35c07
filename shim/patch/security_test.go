package main

import (
	"os"
	"strings"
	"testing"
)

// SECURITY.md names the versions, by which people judge whether a CVE affects them.
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
