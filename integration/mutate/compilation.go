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
		"seccomp/compile/exact.go", "return bpf.Program{}, nil, &InexactError{differences[0]}", "return program, reemitted.Names(m), nil",
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
		"check-not-understood", "the check ignores instructions that it does not understand",
		"seccomp/check/program.go", "return 0, fmt.Errorf(\"instruction %d: %w\", at.pc, ErrNotUnderstood)", "fmt.Sprint(ErrNotUnderstood)",
		in("seccomp/check", "TestNotUnderstood"),
	},
	{
		"diff-spent", "two profiles that were not compared to the end count as equal",
		"seccomp/check/meanings.go", "\t\t\t\tif b.err != nil {\n\t\t\t\t\treturn nil, b.err\n\t\t\t\t}", "\t\t\t\tif b.err != nil {\n\t\t\t\t\treturn found, nil\n\t\t\t\t}",
		in("seccomp/check", "TestMeaningsTooComplex"),
	},
	{
		"subset-order", "a profile that logs calls counts as looser than one that allows them",
		"bpf/action.go", "func (a Action) Looser(b Action) bool { return CompareStrictness(a, b) > 0 }", "func (a Action) Looser(b Action) bool { return CompareStrictness(a, b) > 0 || a == Log && b == Allow }",
		in("seccomp/compare", "TestLooser"),
	},
	{
		"emission", "our own emission compares by >= instead of >",
		"seccomp/emit/conditions.go", "\tcase specs.OpGreaterThan:\n\t\ta.If(bpf.Greater, half, holds, fails)", "\tcase specs.OpGreaterThan:\n\t\ta.If(bpf.GreaterOrEqual, half, holds, fails)",
		in("seccomp/compile", "TestEmitted"),
	},
	{
		"emission-upper", "our own emission does not compare upper halves",
		"seccomp/emit/conditions.go", "case !wide && half == 0:", "case half == 0:",
		in("seccomp/compile", "TestEmitted"),
	},
	{
		"number-table", "a number gets the action of the number below it, until the check finds the fault and the program is repaired",
		"seccomp/emit/numbers.go", "if nr != skipped {\n\t\t\tall[nr+1] = true", "if nr != skipped {\n\t\t\tall[nr+2] = true",
		in("seccomp/compile", "TestOwn"),
	},
	{
		"enosys-border", "the highest syscall that a profile names counts as new",
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
		"x32", "calls of x32 count as calls of x86_64",
		"seccomp/meaning/abi.go", "return !isX32(nr)", "return true",
		in("seccomp/meaning", "TestDecide"),
	},
	{
		"narrow", "64 bits of a 32-bit argument are compared",
		"seccomp/meaning/abi.go", "return !narrow[a.Name]", "return !narrow[a.Name] || true",
		in("seccomp/meaning", "TestDecide"),
	},
	{
		"strictness", "the laxer of two matching rules applies",
		"seccomp/meaning/rule.go", "return bpf.CompareStrictness(a.Action, b.Action)", "return bpf.CompareStrictness(b.Action, a.Action)",
		in("seccomp/meaning", "TestOverlappingRules"),
	},
	{
		"masked-equal", "a masked comparison compares bits outside of the mask",
		"seccomp/meaning/rule.go", "return arg&c.Value == c.ValueTwo&c.Value", "return arg&c.Value == c.ValueTwo",
		in("seccomp/meaning", "TestHolds"),
	},
	{
		"multiplexer", "a rule that permits one call behind a multiplexer permits them all",
		"seccomp/meaning/rule.go", "return Rule{}, false", "return Rule{r.Action, nil, r.Source}, true",
		in("seccomp/meaning", "TestDecide"),
	},
	{
		"greatest-errno", "an action's error number is cut to 8 bits",
		"seccomp/meaning/meaning.go", "return a | bpf.Action(uint16(*errno))", "return a | bpf.Action(uint8(*errno))",
		in("seccomp/compile", "TestDecisions"),
	},
	{
		"unknown-kind-of-action", "a kind of action that the kernel does not know counts as ALLOW",
		"bpf/action.go", "case KillThread, UserNotif, Log, Allow:\n\t\treturn a.Kind()\n\t}\n\treturn KillProcess", "case KillThread, UserNotif, Log, Allow:\n\t\treturn a.Kind()\n\t}\n\treturn Allow",
		in("bpf", "TestEnforced"),
	},
	{
		"start-check", "a profile under which no program can start is accepted",
		"bpf/action.go", "\tcase Allow, Log, UserNotif:", "\tcase Allow, Log, UserNotif, Errno:",
		in("seccomp/compile", "TestCheckExecve"),
	},
	{
		"dropped-flags", "the flags of a profile are dropped when it is compiled",
		"seccomp/compile/flags.go", "if all |= flagBits[flag]; !kernelHas(all) {", "if all |= 0 * flagBits[flag]; !kernelHas(all) {",
		in("seccomp/compile", "TestLoadFlags"),
	},
}
