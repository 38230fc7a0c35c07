package main

// profiles: a profile that cannot be enforced as written is refused.
var profiles = []mutation{
	{
		"unknown-field", "an unknown field of a profile is ignored",
		"seccomp/file.go", "if err := checkForm(data, profileForm); err != nil {", "if err := checkForm([]byte(`{\"defaultAction\":\"\"}`), profileForm); err != nil {",
		in("seccomp", "TestParseRefused"),
	},
	{
		"field-twice", "a field may occur twice, and its lists are merged",
		"seccomp/strict.go", "case slices.Contains(seen, name):", "case name == \"\":",
		in("seccomp", "TestParseRefused"),
	},
	{
		"absent-index", "an absent index in the OCI spec means argument 0",
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
		"docker-capability", "an entry of Docker's format counts without the capability that it is for",
		"seccomp/docker.go", "all = append(all, slices.Contains(at.Capabilities, name))", "all = append(all, true)",
		in("seccomp/resolve", "TestLocalhostInDockersFormat"),
	},
	{
		"docker-field", "an unknown field of a profile in Docker's format is ignored",
		"seccomp/docker.go", "if err := checkForm(text, f); err != nil {", "if err := checkForm([]byte(`{\"defaultAction\":\"\"}`), f); err != nil {",
		in("seccomp", "TestParseDockerRefuses"),
	},
	{
		"unknown-syscall", "a rule that denies an unknown syscall is left out",
		"seccomp/compile/unknown.go", "case mayBeLeftOut(action, otherwise):", "case mayBeLeftOut(action, otherwise) || true:",
		in("seccomp/compile", "TestUnknownSyscall"),
	},
}
