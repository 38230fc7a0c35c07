package seccomp

import (
	"encoding/json"
	"slices"
)

// conditionsForm is that of Docker's includes and excludes.
var conditionsForm = &form{jsonType: jsonObject, fields: []formField{{"caps", texts}, {"arches", texts}, {"minKernel", aText}}}

// dockerForm is Docker's profile format, which podman has too: OCI's with conditions on the
// container and the node.
var dockerForm = func() *form {
	archMap := &form{jsonType: jsonObject, fields: []formField{{"architecture", aText}, {"subArchitectures", texts}}, required: []string{"architecture"}}
	rule := &form{jsonType: jsonObject, fields: []formField{
		{"name", aText}, {"names", texts}, {"action", aText}, {"errnoRet", aNumber}, {"args", &form{jsonType: jsonList, entries: conditionForm}},
		{"comment", aText}, {"includes", conditionsForm}, {"excludes", conditionsForm},
	}}
	whole := &form{jsonType: jsonObject}
	for _, field := range profileForm.fields {
		if field.name == "syscalls" {
			field.form = &form{jsonType: jsonList, entries: rule}
		}
		whole.fields = append(whole.fields, field)
	}
	whole.fields = append(whole.fields, formField{"archMap", &form{jsonType: jsonList, entries: archMap}})
	return whole
}()

// IsDocker reports whether a text has what Docker's profile format has and OCI's has not:
// archMap, name, or conditions in includes or excludes.
func IsDocker(text []byte) bool {
	var written struct {
		ArchMap  json.RawMessage
		Syscalls []struct {
			Name               json.RawMessage
			Includes, Excludes map[string]json.RawMessage
		}
	}
	if json.Unmarshal(text, &written) != nil {
		return false // Parse says why
	}
	if len(written.ArchMap) > 0 {
		return true
	}
	for _, rule := range written.Syscalls {
		if len(rule.Name) > 0 || len(rule.Includes)+len(rule.Excludes) > 0 {
			return true
		}
	}
	return false
}

// dockerArchs are the names of architectures in Docker's conditions.
var dockerArchs = []dockerArch{
	{"x86", "386", "SCMP_ARCH_X86"}, {"amd64", "amd64", "SCMP_ARCH_X86_64"}, {"arm", "arm", "SCMP_ARCH_ARM"},
	{"arm64", "arm64", "SCMP_ARCH_AARCH64"}, {"loongarch64", "loong64", "SCMP_ARCH_LOONGARCH64"},
	{"mips64", "mips64", "SCMP_ARCH_MIPS64"}, {"mips64n32", "mips64p32", "SCMP_ARCH_MIPS64N32"},
	{"mipsel64", "mips64le", "SCMP_ARCH_MIPSEL64"}, {"mips3l64n32", "mips64p32le", "SCMP_ARCH_MIPSEL64N32"},
	{"mipsel", "mipsle", "SCMP_ARCH_MIPSEL"}, {"ppc", "ppc", "SCMP_ARCH_PPC"}, {"ppc64", "ppc64", "SCMP_ARCH_PPC64"},
	{"ppc64le", "ppc64le", "SCMP_ARCH_PPC64LE"}, {"riscv64", "riscv64", "SCMP_ARCH_RISCV64"}, {"s390", "s390", "SCMP_ARCH_S390"},
	{"s390x", "s390x", "SCMP_ARCH_S390X"},
	// Docker's default profile names it; no node has it for its own.
	{"x32", "", "SCMP_ARCH_X32"},
}

// A dockerArch has the names of an architecture in Docker's conditions, in Go and in OCI.
type dockerArch struct{ docker, goarch, oci string }

func dockerArchNames() []string {
	var names []string
	for _, arch := range dockerArchs {
		names = append(names, arch.docker)
	}
	return names
}

// GoArchs returns Go's names of the architectures that Docker's conditions can be about.
func GoArchs() []string {
	var names []string
	for _, arch := range dockerArchs {
		if arch.goarch != "" {
			names = append(names, arch.goarch)
		}
	}
	return names
}

// archOf returns the architecture with Go's name. Its fields are empty if Docker has none.
func archOf(goarch string) dockerArch {
	if i := slices.IndexFunc(dockerArchs, func(a dockerArch) bool { return a.goarch == goarch }); i >= 0 && goarch != "" {
		return dockerArchs[i]
	}
	return dockerArch{}
}
