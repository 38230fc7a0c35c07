package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// replacing are the packages, and their names, by which a process becomes another
// program. What starts a child, such as os/exec, is none of them.
var replacing = map[string][]string{
	"syscall":                    {"Exec", "SYS_EXECVE", "SYS_EXECVEAT"},
	"golang.org/x/sys/unix":      {"Exec", "SYS_EXECVE", "SYS_EXECVEAT"},
	runcPath + "/internal/linux": {"Exec"},
}

// rawCalls take the number of a system call first.
var rawCalls = []string{"Syscall", "Syscall6", "SyscallNoError", "RawSyscall", "RawSyscall6", "RawSyscallNoError",
	"RawVforkSyscall", "AllThreadsSyscall", "AllThreadsSyscall6"}

// inC is what a C library calls so. C has no parser here; a mention in a comment is
// found too, and then has to be read.
var inC = regexp.MustCompile(`\b(f?execve?|execveat|execvpe?|execlp?|execle|(?:SYS|__NR)_execve(?:at)?)\b\s*[(,;)]`)

// execves returns, sorted, each place of a module by which its process can become
// another program, as file: what. They are sought in the syntax tree: by whatever name a
// file imports a package, and also where a function is not called but passed on.
func execves(dir string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		var places []string
		switch filepath.Ext(name) {
		case ".go":
			places, err = execvesInGo(name)
		case ".c", ".h":
			var text []byte
			text, err = os.ReadFile(name)
			for _, match := range inC.FindAllStringSubmatch(string(text), -1) {
				places = append(places, match[1])
			}
		}
		relative, errRel := filepath.Rel(dir, name)
		if err == nil {
			err = errRel
		}
		for _, place := range places {
			found = append(found, relative+": "+place)
		}
		return err
	})
	slices.Sort(found)
	return found, err
}

func execvesInGo(name string) ([]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	s := search{packages: map[string]string{}}
	s.readImports(file)
	s.readLinknames(file)
	ast.Inspect(file, s.visit)
	return s.found, nil
}

// search is for one file.
type search struct {
	packages map[string]string // the name here: the path
	found    []string
}

func (s *search) readImports(file *ast.File) {
	for _, spec := range file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value) // the parser has read it
		if replacing[imported] == nil {
			continue
		}
		local := path.Base(imported)
		if spec.Name != nil {
			local = spec.Name.Name
		}
		if local == "." { // its names cannot be told from the file's own
			s.found = append(s.found, "import . "+spec.Path.Value)
		}
		s.packages[local] = imported
	}
}

// readLinknames finds functions of other packages that are bound without an import.
func (s *search) readLinknames(file *ast.File) {
	for _, group := range file.Comments {
		for _, c := range group.List {
			fields := strings.Fields(c.Text)
			if len(fields) == 3 && fields[0] == "//go:linkname" && isLinkToExec(fields[2]) {
				s.found = append(s.found, strings.Join(fields, " "))
			}
		}
	}
}

func isLinkToExec(target string) bool {
	target = strings.ToLower(target)
	return strings.Contains(target, "exec") || strings.Contains(target, "syscall")
}

func (s *search) visit(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.SelectorExpr:
		if imported, name := s.qualified(n); slices.Contains(replacing[imported], name) {
			s.found = append(s.found, path.Base(imported)+"."+name)
		}
	case *ast.CallExpr:
		imported, name := s.qualified(n.Fun)
		if !slices.Contains(rawCalls, name) || len(n.Args) == 0 {
			break
		}
		if _, number := s.qualified(n.Args[0]); !strings.HasPrefix(number, "SYS_") {
			s.found = append(s.found, fmt.Sprintf("%s.%s of a number that is not named", path.Base(imported), name))
		}
	}
	return true
}

// qualified returns the package and the name of an expression like unix.Exec, if it
// is one of the packages that are looked for.
func (s *search) qualified(e ast.Expr) (imported, name string) {
	selector, ok := ast.Unparen(e).(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	local, ok := selector.X.(*ast.Ident)
	if !ok || s.packages[local.Name] == "" {
		return "", ""
	}
	return s.packages[local.Name], selector.Sel.Name
}
