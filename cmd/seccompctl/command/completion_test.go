package command

import (
	"slices"
	"strings"
	"testing"
)

// Shells ask the hidden command __complete for the words that can follow.
func TestCompletion(t *testing.T) {
	needAMD64(t)
	for _, row := range []struct {
		line       string // the last word is completed
		want, none string
	}{
		{"explain ", "RuntimeDefault", "mkdir"},
		{"explain Run", "RuntimeDefault", "mkdir"},
		{"explain RuntimeDefault mkdi", "mkdirat", "RuntimeDefault"},
		{"explain a.json ", "RuntimeDefault", "AF_INET"},
		{"explain a.json b.json sock", "socketpair", "RuntimeDefault"},
		{"explain RuntimeDefault socket AF_IN", "AF_INET6", "mkdir"},
		{"explain RuntimeDefault clone CLONE_NEWNS|CLONE_NEWU", "CLONE_NEWNS|CLONE_NEWUSER", "CLONE_NEWUSER"},
		{"explain --spec config.json mkd", "mkdir", "RuntimeDefault"},
		{"explain --cap-add CAP_SYS_AD", "CAP_SYS_ADMIN", "CAP_CHOWN"},
		{"explain --cap-add CAP_CHOWN,CAP_SYS_AD", "CAP_CHOWN,CAP_SYS_ADMIN", "CAP_SYS_ADMIN"},
		{"compile ", "RuntimeDefault", ""},
		{"compile a ", "", "RuntimeDefault"},
		{"compile -o ", "bpf", "sarif"},
		{"lint a.json R", "RuntimeDefault", ""},
		{"lint --ignore ", "strong-call", "RuntimeDefault"},
		{"lint -o ", "sarif", ""},
		{"diff a.json ", "RuntimeDefault", ""},
		{"diff a.json b.json ", "", "RuntimeDefault"},
		{"inspect --profile ", "RuntimeDefault", ""},
		{"compile --unset-profile ", "Unconfined", ""},
		{"compile --observe ", "trial", ""},
		{"ver", "version\tShow the version, and those of its parts", "lint"},
	} {
		got := ctl("", append([]string{"__complete"}, strings.Split(row.line, " ")...)...)
		words := strings.Split(got.stdout, "\n")
		if got.code != 0 || row.want != "" && !slices.Contains(words, row.want) || row.none != "" && slices.Contains(words, row.none) {
			t.Errorf("%q: want %q and not %q, got %d: %.300q", row.line, row.want, row.none, got.code, got.stdout)
		}
	}
}
