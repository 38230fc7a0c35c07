package main

// compilation: the program decides as the profile means.
var compilation = []mutation{
	{
		"check-skipped", "a program is not compared with its profile",
		"seccomp/compile/exact.go", "differences, err := check.Compare(ctx, program, m)", "differences, err := check.Compare(ctx, program, m)\n\t\tdifferences = nil",
		in("seccomp/compile", "TestRepairs"),
	},
	{
		"inexact", "a program that differs from its profile is loaded",
		"seccomp/compile/exact.go", "return bpf.Program{}, nil, &InexactError{differences[0]}", "return program, names(m, own), nil",
		in("seccomp/compile", "TestInexact"),
	},
	{
		"check-spent", "a comparison that was not finished counts as passed",
		"seccomp/check/compare.go", "\tif b.err != nil {\n\t\treturn nil, b.err\n\t}\n\treturn c.differences(p)", "\tif b.err != nil {\n\t\treturn nil, nil\n\t}\n\treturn c.differences(p)",
		in("seccomp/compile", "TestTooComplexForTheCheck"),
	},
	{
		"check-high-halves", "the check does not look at the upper halves of arguments",
		"seccomp/check/profile.go", "return d.branch(highHalf(arg), question{mask: uint32(mask >> 32), constant: uint32(value >> 32)}, low, no)", "return low",
		in("seccomp/check", "TestConditionsInHalves"),
	},
	{
		"check-not-understood", "the check passes over instructions that it does not understand",
		"seccomp/check/program.go", "return 0, fmt.Errorf(\"instruction %d: %w\", at.pc, ErrNotUnderstood)", "fmt.Sprint(ErrNotUnderstood)",
		in("seccomp/check", "TestNotUnderstood"),
	},
	{
		"emission", "our own emission takes greater for greater or equal",
		"seccomp/compile/front.go", "\tcase specs.OpGreaterThan:\n\t\ta.If(bpf.Greater, half, holds, fails)", "\tcase specs.OpGreaterThan:\n\t\ta.If(bpf.GreaterOrEqual, half, holds, fails)",
		in("seccomp/compile", "TestEmitted"),
	},
	{
		"emission-upper", "our own emission does not compare upper halves",
		"seccomp/compile/front.go", "case !wide && half == 0:", "case half == 0:",
		in("seccomp/compile", "TestEmitted"),
	},
	{
		"number-table", "a number decides as the one below it, until the check finds it and it is repaired",
		"seccomp/compile/numbers.go", "if nr != skipped {\n\t\t\tall[nr+1] = true", "if nr != skipped {\n\t\t\tall[nr+2] = true",
		in("seccomp/compile", "TestOwn"),
	},
	{
		"enosys-border", "the highest syscall that a profile names is taken for a new one",
		"seccomp/meaning/abirules.go", "return nr > r.Highest ||", "return nr >= r.Highest ||",
		in("seccomp/meaning", "TestDecide"),
	},
	{
		"enosys-open", "a new syscall is allowed by a profile that denies by default",
		"seccomp/meaning/abirules.go", "r.Open = r.Open || !named", "r.Open = r.Open || !named || true",
		in("seccomp/meaning", "TestDecide"),
	},
	{
		"foreign-architecture", "calls of an architecture that the profile does not list are allowed",
		"seccomp/meaning/meaning.go", "const foreign = bpf.KillThread", "const foreign = bpf.Allow",
		in("seccomp/meaning", "TestDecide"),
	},
	{
		"x32", "calls of x32 are taken for those of x86_64",
		"seccomp/meaning/abi.go", "return !isX32(nr)", "return true",
		in("seccomp/meaning", "TestDecide"),
	},
	{
		"narrow", "of arguments of 32 bits, 64 count",
		"seccomp/meaning/abi.go", "return !narrow[a.Name]", "return !narrow[a.Name] || true",
		in("seccomp/meaning", "TestDecide"),
	},
	{
		"strictness", "of two rules that match, the laxer counts",
		"seccomp/meaning/rule.go", "return cmp.Compare(strictness(a.Action), strictness(b.Action))", "return cmp.Compare(strictness(b.Action), strictness(a.Action))",
		in("seccomp/meaning", "TestOverlappingRules"),
	},
	{
		"masked-equal", "a masked comparison compares bits outside of the mask",
		"seccomp/meaning/rule.go", "return arg&c.Value == c.ValueTwo&c.Value", "return arg&c.Value == c.ValueTwo",
		in("seccomp/meaning", "TestHolds"),
	},
	{
		"multiplexer", "a permission with a condition on what is behind a multiplexer permits all of it",
		"seccomp/meaning/rule.go", "return Rule{}, false", "return Rule{r.Action, nil, r.Source}, true",
		in("seccomp/meaning", "TestDecide"),
	},
	{
		"greatest-errno", "an action's error number is cut to 8 bits",
		"seccomp/meaning/meaning.go", "return a | bpf.Action(uint16(*errno))", "return a | bpf.Action(uint8(*errno))",
		in("seccomp/compile", "TestDecisions"),
	},
	{
		"unknown-kind-of-action", "a kind of action that the kernel does not know is taken for ALLOW",
		"bpf/action.go", "case KillThread, UserNotif, Log, Allow:\n\t\treturn a.Kind()\n\t}\n\treturn KillProcess", "case KillThread, UserNotif, Log, Allow:\n\t\treturn a.Kind()\n\t}\n\treturn Allow",
		in("bpf", "TestEnforced"),
	},
	{
		"start-check", "a profile under which no program can start is accepted",
		"seccomp/compile/start.go", "\tcase bpf.Allow, bpf.Log, bpf.UserNotif:", "\tcase bpf.Allow, bpf.Log, bpf.UserNotif, bpf.Errno:",
		in("seccomp/compile", "TestCheckStart"),
	},
	{
		"dropped-flags", "the flags of a profile are dropped when it is compiled",
		"seccomp/compile/flags.go", "if all |= flagBits[flag]; !kernelHas(all) {", "if all |= 0 * flagBits[flag]; !kernelHas(all) {",
		in("seccomp/compile", "TestLoadFlags"),
	},
}
