package main

// deploying: what is put on a node and a cluster does what the pages say, and no more.
var deploying = []mutation{
	{
		"exec-log-boundaries", "in the log of execs one argument can look like two",
		"shim/task/execlog.go", `fmt.Sprintf("%+q", spec.Args)`, `fmt.Sprintf("%s", spec.Args)`,
		in(integration, "TestExecLog"),
	},
	{
		"exec-log-program", "the log of execs names another program than the kernel's",
		"shim/task/execlog.go", "sha256.Sum256(filter.Program)", "sha256.Sum256(filter.Program[8:])",
		in(integration, "TestExecLog"),
	},
	{
		"exec-log-unasked", "arguments of execs are logged without the option",
		"shim/task/execlog.go", "if !opts.LogExecs {", "if opts == nil {",
		in(integration, "TestExecLog"),
	},
	{
		"label-redirected", "the token of the node's label is sent to where a redirection leads",
		"deploy/installer/label.go", "return http.ErrUseLastResponse", "return nil",
		in("deploy/installer", "TestLabel"),
	},
	{
		"label-any-server", "the token is sent to a server that the cluster's authority does not know",
		"deploy/installer/label.go", "RootCAs: roots,", "InsecureSkipVerify: true,",
		in("deploy/installer", "TestLabelOfAnotherServer"),
	},
	{
		"label-believed", "an answer without the label counts as success",
		"deploy/installer/label.go", "if found != (want != nil) ||", "if found != (want != nil) && found ||",
		in("deploy/installer", "TestLabel"),
	},
	{
		"release-unsigned", "a release of another signer verifies",
		"deploy/packages/verify", `fail "SHA256SUMS is not signed by $3"`, "true",
		in("deploy/packages/provenance", "TestVerifyRelease"),
	},
	{
		"release-unlisted", "a file without a checksum verifies",
		"deploy/packages/verify", `fail "$file has no checksum in SHA256SUMS"`, "true",
		in("deploy/packages/provenance", "TestVerifyRelease"),
	},
}
