package mistake

import "testing"

func TestShown(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "",
		"/bin/x":                "/bin/x",
		"/bin/mit Leer \"Ü\" ✓": "/bin/mit Leer \"Ü\" ✓",
		"/bin/\x1b[2J":          `"/bin/\x1b[2J"`,
		"a\nlevel=info":         `"a\nlevel=info"`,
		"a\tb":                  `"a\tb"`,
		"a\x7f":                 `"a\x7f"`,
		"a\u009b31m":            `"a\u009b31m"`, // CSI in one character (ECMA-48)
		"a\u202egnp.exe":        `"a\u202egnp.exe"`,
		"a\xff":                 `"a\xff"`,
	} {
		if got := Shown(text); got != want {
			t.Errorf("Shown(%q) is %s, want %s", text, got, want)
		}
	}
}

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "",
		"exec /bin/x: exec format error":       "exec /bin/x: exec format error",
		"one\ntwo":                             "one; two",
		"one\r\n\n  two \n":                    "one; two",
		"stat /\x1b]0;title\x07: not \"a\" \\": `stat /\x1b]0;title\a: not "a" \`,
		"a\u2028b\u009bc\u202ed\xffe":          `a\u2028b\u009bc\u202ed\xffe`,
		"a\tb":                                 `a\tb`,
	} {
		if got := Line(text); got != want {
			t.Errorf("Line(%q) is %q, want %q", text, got, want)
		}
	}
}
