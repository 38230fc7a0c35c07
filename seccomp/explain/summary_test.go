package explain

import (
	"encoding/json"
	"testing"
)

func TestSummary(t *testing.T) {
	_, m := parse(t, rules(deny, "write,read ALLOW", "socket ALLOW 0 EQ 1", "clone KILL"), x8664, x32)
	got, err := json.Marshal(Summary(m))
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"name":"SCMP_ARCH_X86_64","arch":"x86_64","highest":"clone","highestNumber":56,"counts":[` +
		`{"answer":"ERRNO(38 function not implemented)","reason":"new","syscalls":3,"names":["exit","exit_group","personality"]},` +
		`{"answer":"ALLOW","reason":"rule","syscalls":2,"names":["read","write"]},` +
		`{"answer":"KILL_THREAD","reason":"rule","syscalls":1,"names":["clone"]},` +
		`{"answer":"by arguments","reason":"rule","syscalls":1,"names":["socket"]}]},` +
		`{"name":"SCMP_ARCH_X32","arch":"x86_64","highest":"write","highestNumber":1073741825,"counts":[` +
		`{"answer":"ERRNO(38 function not implemented)","reason":"new","syscalls":1,"names":["personality"]},` +
		`{"answer":"ALLOW","reason":"rule","syscalls":2,"names":["read","write"]}]}]`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// If no syscall fails for being new, there is no highest one.
func TestSummaryOfAnOpenProfile(t *testing.T) {
	_, m := parse(t, rules(allow, "read ERRNO"), x8664)
	if got := Summary(m)[0]; got.Highest != "" || got.HighestNumber != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestEntries(t *testing.T) {
	for want, indexes := range map[string][]int{
		"syscalls[3]": {3}, "syscalls[0-1]": {0, 1}, "syscalls[0,2,4-6,9]": {0, 2, 4, 5, 6, 9},
	} {
		if got := Entries(indexes); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
