package main

// profiles: a profile that cannot be enforced as written is refused.
var profiles = []mutation{
	{
		"unknown-field", "a profile's unknown field is passed over",
		"seccomp/file.go", "if err := checkForm(data, profileForm); err != nil {", "if err := checkForm([]byte(`{\"defaultAction\":\"\"}`), profileForm); err != nil {",
		in("seccomp", "TestParseRefused"),
	},
	{
		"field-twice", "a field may be there twice, and its lists are mixed",
		"seccomp/strict.go", "case slices.Contains(seen, name):", "case name == \"\":",
		in("seccomp", "TestParseRefused"),
	},
	{
		"absent-index", "an absent index in the OCI spec is that of another argument, 0",
		"seccomp/spec.go", "if arg.Index == nil {", "if arg.Index == nil && arg.Value == nil {",
		in("seccomp", "TestReadSpecRefused"),
	},
	{
		"errno-range", "an error number that the kernel caps is accepted",
		"seccomp/validate.go", "if *errno > highest {", "if *errno > 65535 {",
		in("seccomp", "TestRefused"),
	},
	{
		"unknown-action", "an unknown action is accepted",
		"seccomp/validate.go", `if err := knownAction(field+".action", "errnoRet", rule.Action); err != nil {`, `if err := error(nil); err != nil {`,
		in("seccomp", "TestRefused"),
	},
	{
		"unknown-flag", "an unknown flag is accepted",
		"seccomp/validate.go", "if err := known(field, flag, flags); err != nil {", "if err := error(nil); err != nil {",
		in("seccomp", "TestRefused"),
	},
	{
		"unknown-syscall", "a rule that denies a syscall that nobody knows is left out",
		"seccomp/compile/unknown.go", "case mayBeLeftOut(action, otherwise):", "case mayBeLeftOut(action, otherwise) || true:",
		in("seccomp/compile", "TestUnknownSyscall"),
	},
}
