package main

import "path/filepath"

// filterLoadsLast says that the shim loads the filter as its last act before
// the program's execve. Until it does, libcontainer loads it earlier, and its
// own calls after that (fstat, openat2, statx, close_range ...) are not in the
// tutorial's fine-grained.json, which was written for the program alone. So
// the container of that scene cannot start, through no fault of its author.
const filterLoadsLast = false

// scene is a section of the tutorial.
type scene struct {
	name string
	ways []way
	want outcome
}

// way is how the profile is named, once as ctr's flags and once as text.
type way struct {
	id    string // part of the container's id
	name  string
	flags []string
	// refuser is who finds out when the profile is missing.
	refuser string
}

// outcome is what a scene should come to.
type outcome struct {
	text   string
	serves bool
	// probes holds the results of calls that the program is asked to make.
	probes map[string]string
	// logged says that the kernel notes the program's calls.
	logged bool
	// says must be in the error of a container that does not serve.
	says string
	// refused says that no container may come to be at all.
	refused bool
	// note is shown below the table.
	note string
}

const annotation = "io.containerd.seccomp.v1/profile="

// tutorial returns the scenes in the tutorial's order. The probes are calls
// that succeed in an unconfined container, so a failure is the profile's doing;
// that they do succeed is seen under audit.json, which denies nothing.
func tutorial(profiles string) []scene {
	return []scene{
		{
			name: "audit",
			ways: byFile(profiles, "audit.json"),
			want: outcome{
				text:   "serves; the kernel logs each call",
				serves: true,
				logged: true,
				probes: map[string]string{"keyctl": "ok", "getppid": "ok"},
			},
		},
		{
			name: "violation",
			ways: byFile(profiles, "violation.json"),
			want: outcome{text: "does not serve; the error says seccomp", says: "seccomp"},
		},
		{
			name: "fine-grained",
			ways: byFile(profiles, "fine-grained.json"),
			want: fineGrained(),
		},
		{
			name: "RuntimeDefault",
			ways: []way{
				{id: "inline", name: "--seccomp", flags: []string{"--seccomp"}},
				{id: "annotation", name: "annotation RuntimeDefault", flags: []string{"--annotation", annotation + "RuntimeDefault"}},
			},
			want: outcome{
				text:   "serves; keyctl is denied, getppid is not",
				serves: true,
				probes: map[string]string{"keyctl": "EPERM", "add_key": "EPERM", "getppid": "ok"},
			},
		},
		{
			name: "missing profile",
			ways: byFile(profiles, "missing.json"),
			want: outcome{text: "refused; the error names the path", refused: true, says: "profiles/missing.json"},
		},
	}
}

func fineGrained() outcome {
	if !filterLoadsLast {
		return outcome{
			text: "KNOWN LIMIT: does not start",
			says: "operation not permitted",
			note: "The tutorial promises that this serves. It cannot yet: libcontainer makes calls\n" +
				"of its own after it has loaded the filter, and the user's file rightly lists only\n" +
				"the program's. The shim is to load the filter last; then this scene must serve.",
		}
	}
	return outcome{
		text:   "serves; calls outside the list are denied",
		serves: true,
		probes: map[string]string{"keyctl": "EPERM", "getppid": "EPERM", "mkdirat": "EPERM"},
	}
}

// byFile returns the two ways to name a profile that is a file: ctr reads it
// and puts it into the spec, or the shim finds it below its profile root.
func byFile(profiles, file string) []way {
	return []way{
		{
			id:      "inline",
			name:    "--seccomp-profile " + file,
			flags:   []string{"--seccomp", "--seccomp-profile", filepath.Join(profiles, file)},
			refuser: "ctr",
		},
		{
			id:      "annotation",
			name:    "annotation Localhost/profiles/" + file,
			flags:   []string{"--annotation", annotation + "Localhost/profiles/" + file},
			refuser: "the shim",
		},
	}
}
