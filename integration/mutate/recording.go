package main

// recorded: only the operator has containers recorded, and a recording lacks nothing without
// saying so.
var recorded = []mutation{
	{
		"record-by-pod", "a pod's annotation has a container recorded, and so unconfined",
		"seccomp/resolve/observation.go", "case mode == denials.Recorded && !r.AllowRecord && r.Observe != denials.Recorded:", "case mode == denials.Recorded && !r.AllowRecord && mode == denials.Off:",
		in("seccomp/resolve", "TestObservation"),
	},
	{
		"record-unconfined", "a container that is only observed is under the profile of recorded ones",
		"seccomp/resolve/resolve.go", "if observation.Mode == denials.Recorded {", "if observation.Mode != denials.Off {",
		in("seccomp/resolve", "TestRecordedUnder"),
	},
	{
		"record-children", "the calls of children are not counted",
		"shim/record/tracer.go", `{"sched_process_fork", following(t.maps)},`, "",
		in("shim/record", "TestCountsAreExact"),
	},
	{
		"record-reuse", "a thread that gets the memory of one that has ended is recorded",
		"shim/record/tracer.go", `{"sched_process_exit", ending(t.maps)},`, "",
		in("shim/record", "TestCountsAreExact"),
	},
	{
		"record-abi", "calls by int 0x80 are taken for native ones",
		"shim/record/kernel_amd64.go", "const tsCompat = 1", "const tsCompat = 30",
		in("shim/record", "TestCountsAreExact"),
	},
	{
		"record-lost", "a recording does not say that threads are missing",
		"shim/record/programs.go", "in = append(in, lose(m, lostTasks)...)\n\treturn append(in, out()...)\n}\n\n// ending", "in = append(in, lose(m, lostCalls)...)\n\treturn append(in, out()...)\n}\n\n// ending",
		in("shim/record", "TestLostTasksAreCounted"),
	},
	{
		"record-end", "a recording that has ended does not say so",
		"shim/record/recorder.go", "c.last.Ended = end", "",
		in("shim/record", "TestRecording"),
	},
	{
		"record-link", "recordings are written where a link leads",
		"shim/privatefile/privatefile.go", "st.Mode&unix.S_IFMT != unix.S_IFDIR || ", "",
		in("shim/record", "TestBadFolders"),
	},
	{
		"record-overwritten", "a recording replaces that of another container",
		"shim/privatefile/privatefile.go", "return errors.Join(os.Link(temp, path), os.Remove(temp))", "return os.Rename(temp, path)",
		in("shim/privatefile", "TestCreate"),
	},
	{
		"generate-upper-half", "a generated rule compares bits of an argument that the kernel ignores",
		"seccomp/generate/merge.go", "if a.Bits == 32 {", "if a.Bits == 31 {",
		in("seccomp/generate", "TestEntries"),
	},
	{
		"generate-mixed", "recordings of two architectures make one profile",
		"seccomp/generate/merge.go", "if r.Architecture != s.native {", "if r.Architecture == \"\" {",
		in("seccomp/generate", "TestRefused"),
	},
}
