package main

// observing: a container that is observed is confined as before.
var observing = []mutation{
	{
		"denials-continue", "an observed call that the profile refuses runs",
		"seccomp/denials/judge.go", "case j.Mode == Trial:", "case j.Mode != Off:",
		in("seccomp/denials", "TestAnswers", "TestEnforcingNeverContinues"),
	},
	{
		"denials-kill", "a call that the profile kills is only notified",
		"seccomp/denials/mode.go", "return m == Trial", "return m != Off",
		in("seccomp/denials", "TestAnswers"),
	},
	{
		"denials-unproven", "the observed program is not compared with the profile",
		"seccomp/compile/observed.go", "program = program.Answering(mode.Observed)", "program = program.Answering(func(bpf.Action) bpf.Action { return bpf.Allow }); m = m.Answering(func(bpf.Action) bpf.Action { return bpf.Allow })",
		in("seccomp/compile", "TestObserved"),
	},
	{
		"denials-cache", "an observed program is taken for that of the profile, out of the cache",
		"seccomp/compile/key.go", `h.Text("observed", string(mode))`, "",
		in("seccomp/compile", "TestKeyCoversEveryField"),
	},
	{
		"trial-by-pod", "a pod's annotation switches enforcement off",
		"seccomp/resolve/observation.go", "case mode == denials.Trial && !r.AllowTrial && r.Observe != denials.Trial:", "case mode == denials.Trial && !r.AllowTrial && mode == denials.Off:",
		in("seccomp/resolve", "TestObservation"),
	},
	{
		"denials-lost", "a report is not written when a process has ended",
		"shim/observe/container.go", "if dirty {\n\t\tc.write()", "if dirty && c.created.IsZero() {\n\t\tc.write()",
		in(integration, "TestDenialsAreReported"),
	},
	{
		"floor-weaker", "of the answers of a profile and a floor the weaker one counts",
		"seccomp/meaning/both.go", "if profile.Looser(floor) {", "if floor.Looser(profile) {",
		in("seccomp/compile", "TestFloorIsASecondFilter"),
	},
	{
		"floor-unconfined", "a container without a profile runs without the floor",
		"shim/task/confine.go", "if p.floor.Profile == nil {\n\t\t\treturn p, nil", "if true {\n\t\t\treturn p, nil",
		in(integration, "TestFloor"),
	},
	{
		"floor-trial-profile", "a floor on trial lets through what the container's own profile refuses",
		"seccomp/denials/judge.go", "return j.FloorTrial && !j.Mode.Observes(j.Profile.Decide(call)) &&", "return j.FloorTrial &&",
		in(integration, "TestFloorOnTrial"),
	},
	{
		"audit-owner", "a recorded call is attributed to the container of a later process with the same pid",
		"cmd/seccompctl/owner/owner.go", "if began.After(at.Add(slack)) {", "if began.After(at.Add(slack)) && pid == 0 {",
		in("cmd/seccompctl/owner", "TestFind"),
	},
	{
		"metrics-unbounded", "pods can make any number of series",
		"cmd/seccomp-exporter/metrics/ledger.go", "case len(l.series) < l.most:", "case len(l.series) < l.most || s == nil:",
		in("cmd/seccomp-exporter", "TestMaxSeries"),
	},
	{
		"termination-link", "the termination message follows a link",
		"shim/observe/termination.go", "unix.O_WRONLY|unix.O_NOFOLLOW|", "unix.O_WRONLY|",
		in("shim/observe", "TestTerminationMessage"),
	},
	{
		"termination-folder", "the termination message goes to a file that others than root could have put there",
		"shim/observe/termination.go", "if st.Uid != 0 || st.Mode&0o022 != 0 {", "if st.Uid == 1 && st.Mode == 0 {",
		in("shim/observe", "TestTerminationMessage"),
	},
}
