//go:build amd64

package compile_test

import (
	"context"
	"fmt"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/compile"
)

// From the JSON text of a profile to its decision about a call. A process that compiles
// calls libseccomp.Helper first.
func ExampleCompiler_Compile() {
	profile, err := seccomp.Parse([]byte(`{
		"defaultAction": "SCMP_ACT_ALLOW",
		"syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := compile.New(nil).Compile(context.Background(), profile)
	if err != nil {
		fmt.Println(err)
		return
	}
	const mkdir = 83 // on x86_64
	fmt.Println(result.Program.Run(bpf.Data{Arch: bpf.ArchX86_64, Nr: mkdir}))
	fmt.Println(compile.FlagNames(result.Flags))
	// Output:
	// ERRNO(13 permission denied)
	// [SECCOMP_FILTER_FLAG_SPEC_ALLOW]
}
