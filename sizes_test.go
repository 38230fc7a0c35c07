package layout

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"testing"
)

// A file or function beyond these is a place to look for two concepts in one.
const (
	maxFileLines     = 300
	maxFunctionLines = 60
)

func TestSizesAndPackageComments(t *testing.T) {
	for _, p := range packages(t) {
		comments := 0
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles) {
			path := p.Dir + "/" + name
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(src, []byte("\n")); n > maxFileLines {
				t.Errorf("%s has %d lines", path, n)
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, path, src, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if file.Doc != nil {
				comments++
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if f, ok := n.(*ast.FuncDecl); ok {
					if lines := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line; lines > maxFunctionLines {
						t.Errorf("%s: %s has %d lines", path, f.Name.Name, lines)
					}
				}
				return true
			})
		}
		if comments != 1 {
			t.Errorf("%s has %d package comments, not one", p.ImportPath, comments)
		}
	}
}
