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

// execNames has, by package, the names by which a process becomes another program.
// Packages that start a child, such as os/exec, are not in it.
var execNames = map[string][]string{
	"syscall":                    {"Exec", "SYS_EXECVE", "SYS_EXECVEAT"},
	"golang.org/x/sys/unix":      {"Exec", "SYS_EXECVE", "SYS_EXECVEAT"},
	runcPath + "/internal/linux": {"Exec"},
}

// rawCalls are functions whose first argument is the number of a system call.
var rawCalls = []string{"Syscall", "Syscall6", "SyscallNoError", "RawSyscall", "RawSyscall6", "RawSyscallNoError",
	"RawVforkSyscall", "AllThreadsSyscall", "AllThreadsSyscall6"}

// inC matches their names in C. There is no parser for C here: the expression also
// matches in a comment, which somebody then has to read.
var inC = regexp.MustCompile(`\b(f?execve?|execveat|execvpe?|execlp?|execle|(?:SYS|__NR)_execve(?:at)?)\b\s*[(,;)]`)

// execves returns, sorted, every place of a module at which its process can become
// another program, as "file: name". In Go it looks at the syntax tree, and so finds a
// package that is imported under another name, and a function that is passed on.
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
		below, relErr := filepath.Rel(dir, name)
		if err == nil {
			err = relErr
		}
		for _, place := range places {
			found = append(found, below+": "+place)
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

// search is the search in one file.
type search struct {
	packages map[string]string // paths by their names in this file
	found    []string
}

func (s *search) readImports(file *ast.File) {
	for _, spec := range file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value) // the parser has read it
		if execNames[imported] == nil {
			continue
		}
		local := path.Base(imported)
		if spec.Name != nil {
			local = spec.Name.Name
		}
		if local == "." { // the file's own names look like the package's
			s.found = append(s.found, "import . "+spec.Path.Value)
		}
		s.packages[local] = imported
	}
}

// readLinknames finds functions of other packages that go:linkname binds without an
// import.
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
		if imported, name := s.qualified(n); slices.Contains(execNames[imported], name) {
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

// qualified returns the package and the name of an expression like unix.Exec; empty
// strings if the package is not one of execNames.
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
