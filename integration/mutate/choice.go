package main

// choice: which profile applies.
var choice = []mutation{
	{
		"annotation-beats-spec", "an annotation weakens the profile of the OCI spec",
		"seccomp/resolve/resolve.go", "if r.Inline != nil {", "if r.Inline != nil && chosen.Origin == \"nothing names a profile\" {",
		in("seccomp/resolve", "TestResolve"),
	},
	{
		"unset-profile", "unset_profile is ignored",
		"seccomp/resolve/resolve.go", `if r.UnsetProfile != "" {`, `if r.UnsetProfile != "" && r.Inline != nil {`,
		in("seccomp/resolve", "TestResolve"),
	},
	{
		"unset-profile-unread", "unset_profile does not come from the handler's options",
		"shim/task/confine.go", "UnsetProfile: opts.UnsetProfile,", "",
		in(integration, "TestWhichProfileApplies"),
	},
	{
		"annotation-order", "a pod's annotation beats the container's own",
		"seccomp/resolve/resolve.go", "return append(list, annotation{ProfileAnnotation, names})", "return append([]annotation{{ProfileAnnotation, names}}, list...)",
		in("seccomp/resolve", "TestResolve"),
	},
	{
		"sandbox", "a pod's sandbox runs under the file that is meant for the pod's containers",
		"seccomp/resolve/resolve.go", "if chosen.Source == Localhost && r.isSandbox() {", "if chosen.Source == Localhost && r.isSandbox() && r.Options.Floor == \"none\" {",
		in("seccomp/resolve", "TestResolve"),
	},
	{
		"sandbox-unconfined", "a pod's sandbox runs without a profile instead of the default profile",
		"seccomp/resolve/resolve.go", "chosen = Choice{Source: RuntimeDefault, Origin: chosen.Origin", "chosen = Choice{Source: Unconfined, Origin: chosen.Origin",
		in("seccomp/resolve", "TestResolve"),
	},
	{
		"misspelt-annotation", "a misspelt annotation is ignored",
		"seccomp/resolve/resolve.go", "if err := checkKeys(r.Annotations); err != nil {", "if err := checkKeys(nil); err != nil {",
		in("seccomp/resolve", "TestResolve"),
	},
	{
		"unknown-name", "an unknown name of a profile means Unconfined",
		"seccomp/resolve/resolve.go", "if !ok {\n\t\treturn Choice{}, fmt", "if !ok && value == \"\" {\n\t\treturn Choice{}, fmt",
		in("seccomp/resolve", "TestResolve"),
	},
	{
		"unknown-source", "a choice of an unknown source means Unconfined",
		"seccomp/resolve/resolve.go", `return nil, fmt.Errorf("load seccomp profile: unknown source %d", c.Source)`, "return nil, nil",
		in("seccomp/resolve", "TestUnknownSourceIsNotUnconfined"),
	},
	{
		"dot-dot", "a path with .. is accepted",
		"seccomp/resolve/resolve.go", "!filepath.IsLocal(path) ||", `!filepath.IsLocal(path) && path == "" ||`,
		in("seccomp/resolve", "TestResolve"),
	},
	{
		"without-root", "a profile is opened without os.Root: links lead out of the profile root",
		"seccomp/resolve/file.go", "f, err := dir.OpenFile(path, ", "f, err := os.OpenFile(filepath.Join(root, path), ",
		in("seccomp/resolve", "TestLocalhostRefused"),
	},
	{
		"no-regular-file", "a profile is read from a file that is not regular",
		"seccomp/resolve/file.go", "if !info.Mode().IsRegular() {", "if info.IsDir() {",
		in("seccomp/resolve", "TestLocalhostRefused"),
	},
	{
		"unknown-option", "a misspelt option of the handler is ignored",
		"shim/options/options.go", "\tdec.DisallowUnknownFields()\n", "",
		in("shim/task", "TestBadCreate"),
	},
	{
		"confined-anyway", "a container whose profile cannot be loaded runs without a profile",
		"shim/task/confine.go", "if p.profile, err = choice.Load(); err != nil {\n\t\treturn nil, err", "if p.profile, err = choice.Load(); err != nil {\n\t\treturn &policy{}, nil",
		in(integration, "TestInvalidNameIsRefused"),
	},
}
