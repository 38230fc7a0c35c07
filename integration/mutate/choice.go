package main

// choice: which profile applies.
var choice = []mutation{
	{
		"annotation-beats-spec", "an annotation weakens the profile of the OCI spec",
		"seccomp/resolve.go", "if r.Inline != nil {", "if r.Inline != nil && chosen.Origin == \"nothing names a profile\" {",
		in("seccomp", "TestResolve"),
	},
	{
		"unset-profile", "unset_profile does not count",
		"seccomp/resolve.go", `if r.UnsetProfile != "" {`, `if r.UnsetProfile != "" && r.Inline != nil {`,
		in("seccomp", "TestResolve"),
	},
	{
		"unset-profile-unread", "unset_profile does not come from the handler's options",
		"shim/create.go", "UnsetProfile: options.UnsetProfile,", "",
		in(integration, "TestWhichProfileApplies"),
	},
	{
		"annotation-order", "a pod's annotation beats the container's own",
		"seccomp/resolve.go", "return append(list, annotation{ProfileAnnotation, names})", "return append([]annotation{{ProfileAnnotation, names}}, list...)",
		in("seccomp", "TestResolve"),
	},
	{
		"sandbox", "a pod's sandbox is under the file that is meant for the pod's containers",
		"seccomp/resolve.go", `r.Annotations[containerTypeAnnotation] == "sandbox"`, `r.Annotations[containerTypeAnnotation] == ""`,
		in("seccomp", "TestResolve"),
	},
	{
		"sandbox-unconfined", "a pod's sandbox is unconfined instead",
		"seccomp/resolve.go", "chosen = Choice{Kind: RuntimeDefault, Origin: chosen.Origin", "chosen = Choice{Kind: Unconfined, Origin: chosen.Origin",
		in("seccomp", "TestResolve"),
	},
	{
		"misspelt-annotation", "an annotation that is almost right is passed over",
		"seccomp/resolve.go", "if err := checkKeys(r.Annotations); err != nil {", "if err := checkKeys(nil); err != nil {",
		in("seccomp", "TestResolve"),
	},
	{
		"unknown-name", "an unknown name of a profile means Unconfined",
		"seccomp/resolve.go", "if !ok {\n\t\treturn Choice{}, fmt", "if !ok && value == \"\" {\n\t\treturn Choice{}, fmt",
		in("seccomp", "TestResolve"),
	},
	{
		"unknown-kind", "a choice of an unknown kind means Unconfined",
		"seccomp/resolve.go", `return nil, fmt.Errorf("load seccomp profile: unknown kind %d", c.Kind)`, "return nil, nil",
		in("seccomp", "TestUnknownKindIsNotUnconfined"),
	},
	{
		"dot-dot", "a path with .. is accepted",
		"seccomp/resolve.go", "!filepath.IsLocal(path) ||", "",
		in("seccomp", "TestResolve"),
	},
	{
		"without-root", "a profile is opened without os.Root: links lead out of the profile root",
		"seccomp/file.go", "f, err := dir.OpenFile(path, ", "f, err := os.OpenFile(filepath.Join(root, path), ",
		in("seccomp", "TestLocalhostRefused"),
	},
	{
		"no-regular-file", "a profile is read from what is no regular file",
		"seccomp/file.go", "if !info.Mode().IsRegular() {", "if info.IsDir() {",
		in("seccomp", "TestLocalhostRefused"),
	},
	{
		"unknown-option", "a misspelt option of the handler is passed over",
		"shim/options.go", "\tdec.DisallowUnknownFields()\n", "",
		in("shim", "TestBadCreate"),
	},
	{
		"confined-anyway", "a profile that cannot be loaded means none",
		"shim/create.go", "profile, err := choice.Load()\n\tif err != nil {\n\t\treturn nil, err", "profile, err := choice.Load()\n\tif err != nil {\n\t\treturn nil, nil",
		in(integration, "TestInvalidNameIsRefused"),
	},
}

// profiles: what a profile may say.
var profiles = []mutation{
	{
		"unknown-field", "a profile's unknown field is passed over",
		"seccomp/file.go", "if err := checkForm(data, profileForm); err != nil {", "if err := checkForm([]byte(`{\"defaultAction\":\"\"}`), profileForm); err != nil {",
		in("seccomp", "TestParseRefused"),
	},
	{
		"field-twice", "a field may stand twice, and its lists are mixed",
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
