package seccomp

import (
	"encoding/json"
	"fmt"
	"strconv"

	"seccomp-shim/mistake"
)

// podmanForm is Docker's form with error numbers by name.
var podmanForm = func() *form {
	whole := *dockerForm
	whole.fields = nil
	for _, field := range dockerForm.fields {
		if field.name == "syscalls" {
			rule := *field.form.entries
			rule.fields = append(rule.fields[:len(rule.fields):len(rule.fields)], formField{"errno", aText})
			field.form = &form{jsonType: jsonList, entries: &rule}
		}
		whole.fields = append(whole.fields, field)
	}
	whole.fields = append(whole.fields, formField{"defaultErrno", aText})
	return &whole
}()

// IsPodman reports whether a text has what podman's format has and Docker's has not: error
// numbers by name.
func IsPodman(text []byte) bool {
	var written struct {
		DefaultErrno json.RawMessage
		Syscalls     []struct{ Errno json.RawMessage }
	}
	if json.Unmarshal(text, &written) != nil {
		return false
	}
	named := len(written.DefaultErrno) > 0
	for _, rule := range written.Syscalls {
		named = named || len(rule.Errno) > 0
	}
	return named
}

// ParsePodman reads a profile in podman's format as [ParseDocker] does one in Docker's.
// errnoOf returns the number of an error's name on the node.
func ParsePodman(text []byte, at Place, errnoOf func(name string) (uint, bool)) (*Resolved, error) {
	file, err := readDocker(text, podmanForm)
	if err != nil {
		return nil, err
	}
	if err := setErrno(&file.DefaultErrnoRet, file.DefaultErrno, "defaultErrno", errnoOf); err != nil {
		return nil, err
	}
	for i := range file.Syscalls {
		rule := &file.Syscalls[i]
		if err := setErrno(&rule.ErrnoRet, rule.Errno, fmt.Sprintf("syscalls[%d].errno", i), errnoOf); err != nil {
			return nil, err
		}
	}
	return file.resolve(at)
}

// setErrno sets an error number from its name. podman takes the name if both are there, so
// they must agree. It writes a number in the name's place too.
func setErrno(number **uint, name, field string, errnoOf func(string) (uint, bool)) error {
	if name == "" {
		return nil
	}
	n, ok := errnoOf(name)
	if parsed, err := strconv.ParseUint(name, 10, 32); err == nil {
		n, ok = uint(parsed), true
	}
	if !ok {
		return invalid(field, name, "is not the name of an error, such as EPERM")
	}
	if *number != nil && **number != n {
		return &InvalidError{Field: field, Value: mistake.Quote(name), Reason: fmt.Sprintf("is %d, but %sRet is %d", n, field, **number)}
	}
	*number = &n
	return nil
}
