package seccomp

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"seccomp-shim/mistake"
)

// foreignFields are fields of other formats that people write into profiles, with advice
// for each.
var foreignFields = map[string]string{
	"name":    `Docker's format: write "names": [NAME]`,
	"archMap": `Docker's format: list the architectures in "architectures" instead, such as "SCMP_ARCH_X86_64"`,

	"defaultErrno": "Podman's format: write the error's number as defaultErrnoRet, or use seccompctl convert",
	"errno":        "Podman's format: write the error's number as errnoRet, or use seccompctl convert",

	"ociVersion": wholeSpec, "linux": wholeSpec, "seccomp": wholeSpec, "process": wholeSpec,
	"apiVersion": kubernetesObject, "kind": kubernetesObject, "metadata": kubernetesObject, "spec": kubernetesObject,
	"seccompProfile": podField, "localhostProfile": podField, "type": podField,

	"description": note, "notes": note, "_comment": note, "$comment": note, "//": note, "#": note,
}

const (
	wholeSpec        = "this is an OCI spec or a part of one: only the object at linux.seccomp is the profile"
	kubernetesObject = `this is a Kubernetes object: a profile is only what a SeccompProfile has under "spec", which seccompctl convert writes`
	podField         = "this is a part of a pod: it names a profile, and is none"
	note             = `for notes there is "comment", in the profile and in each entry of syscalls`
)

// profileNames are the words that ask for a profile in annotations and options. Package
// resolve reads them there, and one of its tests compares the two lists.
var profileNames = []string{"RuntimeDefault", "Unconfined", "runtime/default", "docker/default", "unconfined", "Localhost/", "localhost/"}

// unknownField returns the error for a field that the form does not have, with advice.
func unknownField(at, name string, f *form) *InvalidError {
	reason := "unknown field " + mistake.Quote(name)
	if advice := foreignFields[name]; advice != "" {
		reason += ": " + advice
	} else if near := mistake.Near(name, f.names()...); near != "" {
		reason += fmt.Sprintf("; did you mean %q?", near)
	} else {
		reason += ": the fields here are " + strings.Join(f.names(), ", ")
	}
	return &InvalidError{Field: at, Reason: reason, Inside: name}
}

// noObject returns the error for a JSON value that is not an object, with advice. It
// returns nil for an object and for null.
func noObject(whole json.RawMessage) *InvalidError {
	refuse := func(format string, args ...any) *InvalidError {
		return &InvalidError{Reason: fmt.Sprintf(format, args...)}
	}
	switch whole[0] {
	case '{', 'n':
		return nil
	case '[':
		return refuse(`a JSON array is no profile: if these are its rules, write {"defaultAction": ACTION, "syscalls": [...]}`)
	case '"':
		var inside string
		if err := json.Unmarshal(whole, &inside); err != nil {
			return refuse("%s", mistake.JSON(whole, err))
		}
		if strings.HasPrefix(strings.TrimSpace(inside), "{") {
			return refuse("the profile stands inside of a JSON string: write it without the quotes around it, as jq fromjson does")
		}
		if reason := reference(inside); reason != "" {
			return refuse("%s", reason)
		}
		return refuse("a JSON string is no profile: a profile is a JSON object")
	}
	return refuse("a JSON %s is no profile: a profile is a JSON object", map[bool]string{true: "boolean", false: "number"}[whole[0] == 't' || whole[0] == 'f'])
}

// reference returns a message if a text is only the path or the name of a profile.
func reference(text string) string {
	text = strings.TrimSpace(text)
	switch {
	case strings.ContainsAny(text, "\n{}[]\",") || strings.HasPrefix(text, "//") || strings.HasPrefix(text, "/*"):
		return ""
	case filepath.IsAbs(text), strings.HasPrefix(text, "./"), strings.HasSuffix(text, ".json"):
		return fmt.Sprintf("%s is a path: the profile itself belongs here, not where it is", mistake.Quote(text))
	case slices.Contains(profileNames, text):
		return fmt.Sprintf("%s is the name of a profile: it belongs into an annotation, or into the option unset_profile", mistake.Quote(text))
	}
	return ""
}
