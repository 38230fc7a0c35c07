package resolve

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake/mistaketest"
	"seccomp-shim/seccomp/seccomptest"
)

func TestLoadFloor(t *testing.T) {
	root := profileRoot(t)
	none, err := LoadFloor(Options{ProfileRoot: root})
	if err != nil || none.Profile != nil {
		t.Errorf("without the option: %+v, %v", none, err)
	}
	floor, err := LoadFloor(Options{ProfileRoot: root, Floor: "Localhost/inside.json"})
	if err != nil {
		t.Fatal(err)
	}
	if floor.Profile.Spec().DefaultAction != specs.ActLog || floor.File != filepath.Join(root, "inside.json") ||
		floor.Digest != fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(inside))) {
		t.Errorf("got %+v", floor)
	}
	seccomptest.Must(t, os.WriteFile(filepath.Join(root, "inside.json"), []byte(outside), 0o600))
	if newer, err := LoadFloor(Options{ProfileRoot: root, Floor: "Localhost/inside.json"}); err != nil || newer.Digest == floor.Digest {
		t.Errorf("another file: %+v, %v", newer, err)
	}
	seccomptest.Must(t, os.WriteFile(filepath.Join(root, "half.json"), []byte(outside[:9]), 0o600))
	for value, says := range map[string][]string{
		"RuntimeDefault":            {`option floor: "RuntimeDefault"`, "must be Localhost/"},
		"inside.json":               {`option floor: "inside.json"`, "Localhost/<path>"},
		"Localhost/":                {`option floor: "Localhost/"`, "must lead down"},
		"Localhost/../root":         {`option floor: "Localhost/../root"`, "must lead down"},
		"Localhost/missing.json":    {`option floor: "Localhost/missing.json"`, `"` + root + `/missing.json"`, "no such file"},
		"Localhost/half.json":       {`option floor: "Localhost/half.json"`, `"` + root + `/half.json"`},
		"Localhost/fifo":            {`option floor: "Localhost/fifo"`, "not a regular file"},
		"Localhost/unconfined.json": {`option floor: "Localhost/unconfined.json"`, "defaultAction"},
	} {
		_, err := LoadFloor(Options{ProfileRoot: root, Floor: value})
		if err == nil {
			t.Errorf("%s is loaded", value)
			continue
		}
		mistaketest.MustSay(t, err.Error(), says)
	}
}
