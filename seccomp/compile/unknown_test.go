package compile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"seccomp-shim/seccomp"
)

func TestUnknownSyscall(t *testing.T) {
	const profile = `{"defaultAction":"%s","listenerPath":"/s","syscalls":[{"names":["getppid","no_such_call"],"action":"%s"}]}`
	for _, row := range []struct {
		defaultAction, action string
		refused               bool
		skipped               []string
	}{
		{"SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW", false, []string{"no_such_call"}},
		{"SCMP_ACT_ERRNO", "SCMP_ACT_LOG", false, []string{"no_such_call"}},
		{"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", true, nil},
		{"SCMP_ACT_ALLOW", "SCMP_ACT_KILL_PROCESS", true, nil},
		{"SCMP_ACT_ALLOW", "SCMP_ACT_TRAP", true, nil},
		{"SCMP_ACT_ALLOW", "SCMP_ACT_TRACE", true, nil},
		{"SCMP_ACT_ALLOW", "SCMP_ACT_NOTIFY", false, []string{"no_such_call"}},
		{"SCMP_ACT_TRACE", "SCMP_ACT_ERRNO", true, nil}, // a tracer may let the call run
		{"SCMP_ACT_NOTIFY", "SCMP_ACT_ERRNO", true, nil},
		{"SCMP_ACT_LOG", "SCMP_ACT_ERRNO", true, nil},
		{"SCMP_ACT_ERRNO", "SCMP_ACT_NOTIFY", false, []string{"no_such_call"}},
		{"SCMP_ACT_ERRNO", "SCMP_ACT_KILL", false, []string{"no_such_call"}},
		{"SCMP_ACT_KILL_PROCESS", "SCMP_ACT_ERRNO", false, []string{"no_such_call"}},
		{"SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRACE", false, []string{"no_such_call"}},
		{"SCMP_ACT_TRAP", "SCMP_ACT_ERRNO", false, []string{"no_such_call"}},
		{"SCMP_ACT_ERRNO", "SCMP_ACT_ERRNO", false, nil}, // the default would do the same
	} {
		t.Run(row.defaultAction+" "+row.action, func(t *testing.T) {
			r, err := Translate(t.Context(), parse(t, fmt.Sprintf(profile, row.defaultAction, row.action)))
			if !row.refused {
				if err != nil || !slices.Equal(r.Skipped, row.skipped) {
					t.Errorf("skipped %v, error %v; want %v", r, err, row.skipped)
				}
				return
			}
			var invalid *seccomp.InvalidError
			if !errors.As(err, &invalid) || invalid.Field != "syscalls[0].names[1]" || !strings.Contains(invalid.Value, "no_such_call") {
				t.Errorf("error is %v; want one that names the field and the syscall", err)
			}
		})
	}
}

// An error about unknown names has all of them, and stays short.
func TestUnknownSyscallsAreListed(t *testing.T) {
	deny := func(names string) string { return `{"names":[` + names + `],"action":"SCMP_ACT_ERRNO"}` }
	for _, row := range []struct{ rules, field, value string }{
		{deny(`"a","read","b"`), "syscalls[0].names", `"a", "b"`},
		{deny(`"read"`) + "," + deny(`"read","a"`), "syscalls[1].names[1]", `"a"`},
		{deny(`"a"`) + "," + deny(`"read","b","a"`), "syscalls", `"a", "b"`},
		{deny(quoted(1000, func(i int) string { return fmt.Sprintf("a%03d", i) })), "syscalls[0].names", `"a127" and 872 more`},
	} {
		_, err := Translate(t.Context(), parse(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[`+row.rules+`]}`))
		var invalid *seccomp.InvalidError
		if !errors.As(err, &invalid) || invalid.Field != row.field || !strings.HasSuffix(invalid.Value, row.value) || len(err.Error()) > 2<<10 {
			t.Errorf("error is %.2000v; want %s: %s", err, row.field, row.value)
		}
	}
}
