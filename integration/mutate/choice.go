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
		"shim/task/create.go", "UnsetProfile: opts.UnsetProfile,", "",
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
		"seccomp/resolve.go", "!filepath.IsLocal(path) ||", `!filepath.IsLocal(path) && path == "" ||`,
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
		"shim/options/options.go", "\tdec.DisallowUnknownFields()\n", "",
		in("shim/task", "TestBadCreate"),
	},
	{
		"confined-anyway", "a profile that cannot be loaded means none",
		"shim/task/create.go", "profile, err := choice.Load()\n\tif err != nil {\n\t\treturn nil, err", "profile, err := choice.Load()\n\tif err != nil {\n\t\treturn nil, nil",
		in(integration, "TestInvalidNameIsRefused"),
	},
}
