package main

// start: a process starts its program under its filter, and the program inherits nothing of
// the runtime.
var start = []mutation{
	{
		"exec-without-filter", "an exec runs without the container's filter",
		"shim/container/libcontainer.go", "c.channel, err = b.config.newChannel(filter.order(c.tasks, limits)); err != nil {",
		"c.channel, err = b.config.newChannel(map[bool]*Filter{true: filter}[p.isInit()].order(c.tasks, limits)); err != nil {",
		in(integration, "TestOnlyExecveIsUnderTheProfile"),
	},
	{
		"init-without-filter", "an init runs without the container's filter",
		"shim/container/libcontainer.go", "c.channel, err = b.config.newChannel(filter.order(c.tasks, limits)); err != nil {",
		"c.channel, err = b.config.newChannel(map[bool]*Filter{false: filter}[p.isInit()].order(c.tasks, limits)); err != nil {",
		in(integration, "TestFilterIsInForce"),
	},
	{
		"no-order-no-filter", "a process without an order runs its program without a filter",
		"shim/container/load/order.go", `return o, errors.New("no order has come from the shim")`, "return o, nil",
		in("shim/container/load", "TestNoOrderRunsNothing"),
	},
	{
		"order-of-an-init", "a container's init without an order runs its program without a filter",
		"shim/container/load/order.go", `return o, errors.New("no order has come from the shim")`, "return o, nil",
		in(integration, "TestNoOrderRunsNothing"),
	},
	{
		"order-cut-off", "the remaining part of a truncated program is loaded",
		"shim/container/load/order.go", "len(raw)%instructionSize != 0", "len(raw) < 0",
		in("shim/container/load", "TestFailsClosed"),
	},
	{
		"call-before-execve", "the runtime makes a system call between the load and the execve",
		"shim/container/load/lastact_unsafe.go", "\terrno = unix.EINTR\n", "\tsyscall.RawSyscall(unix.SYS_GETPID, 0, 0, 0)\n\terrno = unix.EINTR\n",
		in("shim/container/load", "TestOnlyExecveIsUnderTheFilter"),
	},
	{
		"load-error", "a program is run although the kernel has refused its filter",
		"shim/container/load/lastact_unsafe.go", "atomic.StoreUint32(&l.page[wordRefused], uint32(errno))\n\t\tend()", "_ = wordRefused",
		in("shim/container/load", "TestFailsClosed"),
	},
	{
		"load-left-out", "no filter is loaded",
		"shim/container/load/lastact_unsafe.go", "if l.program.Len > 0 {", "if l.program.Len > 0 && l.listens {",
		in("shim/container/load", "TestFilterIsInForce"),
	},
	{
		"load-flags", "the flags of a profile are not loaded with it",
		"shim/container/load/lastact_unsafe.go", "flags:   uintptr(o.Flags),", "flags:   0,",
		in("shim/container/load", "TestFailsClosed"),
	},
	{
		"ordered-flags", "the order lacks the flags of the profile",
		"shim/container/filter.go", "order.Program, order.Flags = f.Program, f.Flags", "order.Program = f.Program",
		in(integration, "TestRefusedLoadRunsNothing"),
	},
	{
		"cgroups-not-joined", "an exec stays outside of the container's cgroups, on cgroup v1",
		"shim/container/load/lastact_unsafe.go", "\tl.join()\n", "",
		in(integration, "TestExecJoinsCgroup"),
	},
	{
		"limits-not-set", "the resource limits are not set",
		"shim/container/load/lastact_unsafe.go", "\tl.limit()\n", "",
		in(integration, "TestStartUnderResourceLimits"),
	},
	{
		"limit-error", "a program is run although a resource limit could not be set",
		"shim/container/load/lastact_unsafe.go", "atomic.StoreUint32(&l.page[wordLimit], uint32(i)+1)\n\t\t\tend()", "atomic.StoreUint32(&l.page[wordLimit], 0)",
		in("shim/container/load", "TestFailsClosed"),
	},
	{
		"capability-bounding", "CAP_SYS_ADMIN, kept for the load, stays in the bounding set",
		"shim/container/filter.go", "return &kept", "kept.Bounding = append(slices.Clone(own.Bounding), capabilityToLoad)\n\treturn &kept",
		in(integration, "TestKeptCapabilityIsGone"),
	},
	{
		"capability-inheritable", "CAP_SYS_ADMIN, kept for the load, stays in the inheritable set",
		"shim/container/filter.go", "return &kept", "kept.Inheritable = append(slices.Clone(own.Inheritable), capabilityToLoad)\n\treturn &kept",
		in(integration, "TestKeptCapabilityIsGone"),
	},
	{
		"capability-ambient", "CAP_SYS_ADMIN, kept for the load, stays in the ambient set and in the inheritable set, which the ambient set needs",
		"shim/container/filter.go", "return &kept", "kept.Ambient = append(slices.Clone(own.Ambient), capabilityToLoad)\n\tkept.Inheritable = append(slices.Clone(own.Inheritable), capabilityToLoad)\n\treturn &kept",
		in(integration, "TestKeptCapabilityIsGone"),
	},
	{
		"no-new-privs", "no_new_privs is not set",
		"shim/container/config.go", "NoNewPrivileges: &p.NoNewPrivileges,", "NoNewPrivileges: new(bool),",
		in(integration, "TestFilterIsInForce"),
	},
	{
		"signal-handlers", "Go's signal handlers stay installed under the filter, which then decides their rt_sigreturn",
		"shim/container/load/exec.go", "\tresetHandlers()\n", "",
		in("shim/container/load", "TestSignalUnderTheFilter"),
	},
	{
		"file-limit", "a program inherits the limit of open files that Go has raised for itself",
		"shim/container/load/exec.go", "\trestoreFileLimit()\n", "",
		in("shim/container/load", "TestProgramInheritsNothingOfTheRuntime"),
	},
	{
		"executed", "a process counts as the user's program before its execve",
		"shim/container/load/standing.go", "executed: first.flags&forkedNotExecuted == 0}", "executed: first.flags&forkedNotExecuted == 0 || true}",
		in(integration, "TestFilterEndsExecve"),
	},
	{
		"listener-undelivered", "a process goes on although its agent has no listener",
		"shim/container/load/listener.go", "_ = c.page.write(wordResume, resumeEnd)", "_ = c.page.write(wordResume, resumeExecve)",
		in("shim/container/load", "TestListenerThatNobodyTakes"),
	},
	{
		"patch-check", "shim/patch does not search for other calls of execve",
		"shim/patch/module.go", "return m.check(dir)", "return nil",
		in("shim/patch", "TestApplyRefuses"),
	},
	{
		"patch-source", "shim/patch uses changed files of the module cache",
		"shim/patch/hash.go", "if err == nil && sum != m.sum {", "if err == nil && sum == \"\" {",
		in("shim/patch", "TestChangedModuleCacheIsRefused"),
	},
	{
		"patch-by-hand", "the build uses a copy that was changed by hand",
		"shim/patch/hash.go", "return err == nil && string(said) == want", "return err == nil",
		in("shim/patch", "TestChangedCopyIsMadeAgain"),
	},
	{
		"own-execve", "an exec ends in libcontainer's execve, not in the shim's last act",
		"build/runc/libcontainer/setns_init_linux.go", "return LastAct(name, l.config.Args, l.config.Env)", "return unix.Exec(name, l.config.Args, l.config.Env)",
		in(integration, "TestOnlyExecveIsUnderTheProfile"),
	},
	{
		"checkpoint-admitted", "a checkpoint is restored under any filters, or none",
		"shim/container/admit.go", "if f == nil {\n\t\treturn nil\n\t}\n\tif f.Observer", "if f != nil {\n\t\treturn nil\n\t}\n\tif f.Observer",
		in("shim/container", "TestCheckpointsThatAreRefused"),
	},
	{
		"checkpoint-program", "any filter of a checkpoint's thread counts as the container's",
		"shim/container/admit.go", "return bytes.Equal(program, f.Program) &&", "return (bytes.Equal(program, f.Program) || true) &&",
		in("shim/container", "TestFilterIsAmong"),
	},
	{
		"restored-unverified", "restored threads continue under any filters, or none",
		"shim/container/admit.go", "if !slices.ContainsFunc(filters, f.isInstalledAs) {", "if slices.ContainsFunc(filters, f.isInstalledAs) && false {",
		in("shim/container", "TestVerify"),
	},
	{
		"restored-not-held", "restored threads are inspected while they run",
		"shim/container/freeze.go", "if status != libcontainer.Paused || len(threads) == 0 {", "if len(threads) == 0 {",
		in("shim/container", "TestVerifyOfWhatIsNotHeld"),
	},
	{
		"hook-environment", "a hook without env inherits containerd's environment",
		"shim/container/config.go", "\tsetHookEnvironment(config.Hooks)\n", "",
		in("integration", "TestHookEnvironment"),
	},
	{
		"listener-leaves-folder", "a listenerPath leaves listener_dirs by a symbolic link",
		"shim/container/agentsocket.go", "Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS,", "Resolve: 0,",
		in("integration", "TestListenerLeavesItsFolderLater"),
	},
	{
		"compiler-memory", "the process that compiles may allocate eight times as much",
		"seccomp/libseccomp/helper.go", "helperMemory  = 128 << 20", "helperMemory  = 1 << 30",
		in("seccomp/compile", "TestHelperMemory"),
	},
	{
		"control-characters", "control characters in an error reach logs and terminals",
		"mistake/terminal.go", "if isPlain(message) {", "if true {",
		in("integration", "TestNoControlCharactersInErrors"),
	},
}
