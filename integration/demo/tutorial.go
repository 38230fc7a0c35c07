package main

import "path/filepath"

// scene is a section of the tutorial.
type scene struct {
	name string
	ways []way
	want outcome
}

// way is a way to name a container's profile.
type way struct {
	id    string   // a part of the container's id
	name  string   // for the report
	flags []string // of ctr
	// refuser is the program that refuses a missing profile.
	refuser string
}

// outcome is the wanted result of a scene.
type outcome struct {
	text   string
	serves bool
	// probes has the wanted results of calls that the program is asked to make.
	probes map[string]string
	// logged says that the kernel logs the program's calls.
	logged bool
	// says is a text in the error of a container that does not serve.
	says string
	// refused says that no container is created.
	refused bool
}

const annotation = "io.containerd.seccomp.v1/profile="

// tutorial returns the scenes in the tutorial's order. The probes succeed in an
// unconfined container, so a failure comes from the profile. The scene of audit.json,
// which denies nothing, shows that they succeed.
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
			// The profile denies execve, too. Both ways, the shim refuses it before the
			// program starts.
			want: outcome{text: "does not serve; the error says seccomp", says: "under seccomp"},
		},
		{
			name: "fine-grained",
			ways: byFile(profiles, "fine-grained.json"),
			want: outcome{
				text:   "serves; calls outside the list are denied",
				serves: true,
				probes: map[string]string{"keyctl": "EPERM", "getppid": "EPERM", "mkdirat": "EPERM"},
			},
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

// byFile returns the two ways to name a profile in a file: ctr reads it and puts it
// into the spec, or the shim reads it below its profile root.
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
