// Command mutate breaks promises of SECURITY.md, one at a time, in a copy of the
// sources. It fails if the tests that are named for a mutation do not fail.
//
//	make mutate
//	make mutate ARGS='-run capability'
//	make mutate ARGS='-from cache-checksum'
//
// To add a mutation, add it to one of the lists and run it. If it survives, a test is
// missing. Then replace the table in docs/mutations.md by the output of -table. A unit
// test checks that each mutation has its place in the sources, its tests and its row.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

func main() {
	run := flag.String("run", "", "try only mutations whose name matches this regular `expression`")
	from := flag.String("from", "", "leave out the mutations before the one with this `name`")
	show := flag.Bool("table", false, "print the table of "+page+" and do nothing else")
	flag.Parse()
	if *show {
		fmt.Print(table())
		return
	}
	chosen, err := choose(*run, *from)
	if err == nil {
		err = tryAll(chosen)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func choose(run, from string) ([]mutation, error) {
	matches, err := regexp.Compile(run)
	if err != nil {
		return nil, fmt.Errorf("-run %q: %w", run, err)
	}
	list := all()
	if from != "" {
		i := slices.IndexFunc(list, func(m mutation) bool { return m.name == from })
		if i < 0 {
			return nil, fmt.Errorf("-from %q: there is no such mutation", from)
		}
		list = list[i:]
	}
	list = slices.DeleteFunc(list, func(m mutation) bool { return !matches.MatchString(m.name) })
	if len(list) == 0 {
		return nil, fmt.Errorf("-run %q: matches no mutation", run)
	}
	return list, nil
}

func tryAll(chosen []mutation) error {
	if os.Geteuid() != 0 {
		return errors.New("needs root: tests of a mutation run in namespaces of their own, with real containers")
	}
	source, err := filepath.Abs(".")
	if err != nil {
		return err
	}
	t, err := newTree(source, filepath.Join(source, "build", "mutate"))
	if err != nil {
		return err
	}
	if err := t.makeCopies(); err != nil {
		return err
	}
	if err := t.build(false); err != nil {
		return err
	}
	if err := t.passUnchanged(chosen); err != nil {
		return err
	}
	var survivors []string
	for i, m := range chosen {
		began := time.Now()
		err := t.try(m)
		verdict := "caught"
		if err != nil {
			verdict = fmt.Sprintf("NOT CAUGHT: %v", err)
			survivors = append(survivors, m.name)
		}
		fmt.Printf("%3d/%d %s %s (%.0fs)\n", i+1, len(chosen), m.name, verdict, time.Since(began).Seconds())
	}
	if len(survivors) > 0 {
		return fmt.Errorf("%d of %d mutations are not caught: %q", len(survivors), len(chosen), survivors)
	}
	fmt.Printf("all %d mutations are caught\n", len(chosen))
	return nil
}
