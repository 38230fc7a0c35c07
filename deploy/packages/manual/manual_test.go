package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"seccomp-shim/cmd/seccompctl/command"
	"seccomp-shim/seccomp/resolve"
	"seccomp-shim/shim/options"
)

const shimPage = "../containerd-shim-seccomp-v1.8"

// The shim's page is written by hand. It must list the options and annotations that the
// code knows, and no others.
func TestShimsPageIsComplete(t *testing.T) {
	text, err := os.ReadFile(shimPage)
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for field := range fields(reflect.TypeFor[options.Options]()) {
		known = append(known, field)
	}
	items := func(macro string) (names []string) {
		for _, line := range regexp.MustCompile(`(?m)^\.It .*$`).FindAllString(string(text), -1) {
			for _, match := range regexp.MustCompile(macro+` (\S+)`).FindAllStringSubmatch(line, -1) {
				names = append(names, match[1])
			}
		}
		return names
	}
	var annotations []string
	for _, annotation := range resolve.Annotations() {
		annotations = append(annotations, strings.TrimSuffix(annotation, "/"))
	}
	var written []string
	for _, annotation := range items("Li") {
		written = append(written, strings.TrimSuffix(annotation, "/"))
	}
	same(t, "options", items("Va"), known)
	same(t, "annotations", written, annotations)
}

// fields returns the options' names in TOML.
func fields(handler reflect.Type) map[string]bool {
	names := map[string]bool{}
	for i := range handler.NumField() {
		field := handler.Field(i)
		name := field.Name
		if tag, ok := field.Tag.Lookup("toml"); ok {
			name = tag
		}
		names[name] = true
	}
	return names
}

func same(t *testing.T, what string, written, known []string) {
	t.Helper()
	slices.Sort(written)
	slices.Sort(known)
	if !slices.Equal(written, known) {
		t.Errorf("the page has the %s %v, the code %v", what, written, known)
	}
}

// Each command has a page that a person can read: rendered, it has the command
// line and all flags.
func TestPagesOfCommands(t *testing.T) {
	if _, err := exec.LookPath("man"); err != nil {
		t.Skip("needs man, to render pages:", err)
	}
	folder := t.TempDir()
	t.Setenv("SOURCE_DATE_EPOCH", "1795544273")
	if err := writePages(folder); err != nil {
		t.Fatal(err)
	}
	for _, cmd := range withSubcommands(command.Root()) {
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
		page := rendered(t, filepath.Join(folder, "man", "man1", name+".1"))
		wanted := []string{cmd.UseLine(), "EXIT STATUS", "Nov 2026", "containerd-shim-seccomp-v1(8)"}
		for _, sub := range cmd.Commands() {
			wanted = append(wanted, name+"-"+sub.Name()+"(1) "+sub.Short+".")
		}
		for _, meaning := range command.ExitStatus(cmd) {
			wanted = append(wanted, meaning)
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) { wanted = append(wanted, "--"+f.Name, f.Usage) })
		for _, want := range append(wanted, strings.Split(cmd.Long, "\n\n")...) {
			if want = strings.Join(strings.Fields(want), " "); !strings.Contains(page, want) {
				t.Errorf("%s: not in the page: %s", name, want)
			}
		}
		if count := strings.Count(page, "EXIT STATUS"); count != 1 {
			t.Errorf("%s: %d sections EXIT STATUS", name, count)
		}
	}
	rendered(t, shimPage)
}

// rendered returns a page as man shows it, in one long line. man reports what it
// does not understand.
func rendered(t *testing.T, file string) string {
	t.Helper()
	cmd := exec.Command("man", "--warnings", "--encoding=UTF-8", "--nh", "--nj", "-l", file)
	cmd.Env = append(os.Environ(), "MANWIDTH=1000", "LC_ALL=C.UTF-8", "MAN_KEEP_FORMATTING=")
	var warnings strings.Builder
	cmd.Stderr = &warnings
	out, err := cmd.Output()
	if err != nil || warnings.Len() > 0 {
		t.Fatalf("%s: man: %v: %s", file, err, warnings.String())
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

func TestCompletions(t *testing.T) {
	folder := t.TempDir()
	if err := writeCompletions(folder); err != nil {
		t.Fatal(err)
	}
	for shell, file := range map[string]string{"bash": "bash/seccompctl", "zsh": "zsh/_seccompctl", "fish": "fish/seccompctl.fish"} {
		t.Run(shell, func(t *testing.T) {
			if _, err := exec.LookPath(shell); err != nil {
				t.Skip("needs the shell, to parse its completion:", err)
			}
			if out, err := exec.Command(shell, "-n", filepath.Join(folder, file)).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
