package seccomp

// A form describes the JSON value that belongs at one place of a profile.
type form struct {
	jsonType jsonType
	fields   []formField // of an object
	entries  *form       // of a list
	required []string    // fields of an object that encoding/json reads as 0 if they are absent
}

type formField struct {
	name string
	form *form
}

// A jsonType is a type of JSON values, in the words of messages.
type jsonType string

const (
	jsonString jsonType = "a string"
	jsonNumber jsonType = "a number"
	jsonList   jsonType = "a list"
	jsonObject jsonType = "an object"
	// No field is a boolean.
	jsonBoolean jsonType = "a boolean"
	// dockerConditions decide when a rule of Docker's format counts. OCI has none.
	dockerConditions jsonType = "conditions"
)

var (
	aText   = &form{jsonType: jsonString}
	aNumber = &form{jsonType: jsonNumber}
	texts   = &form{jsonType: jsonList, entries: aText}

	// profileForm is OCI's linux.seccomp (config-linux.md, "Seccomp") with the fields of
	// Docker's format that are harmless: comments and empty conditions.
	profileForm = &form{jsonType: jsonObject, fields: []formField{
		{"defaultAction", aText}, {"defaultErrnoRet", aNumber}, {"architectures", texts}, {"flags", texts},
		{"listenerPath", aText}, {"listenerMetadata", aText}, {"syscalls", &form{jsonType: jsonList, entries: ruleForm}},
		{"comment", aText},
	}}
	ruleForm = &form{jsonType: jsonObject, fields: []formField{
		{"names", texts}, {"action", aText}, {"errnoRet", aNumber}, {"args", &form{jsonType: jsonList, entries: conditionForm}},
		{"comment", aText}, {"includes", &form{jsonType: dockerConditions}}, {"excludes", &form{jsonType: dockerConditions}},
	}}
	conditionForm = &form{jsonType: jsonObject, fields: []formField{
		{"index", aNumber}, {"value", aNumber}, {"valueTwo", aNumber}, {"op", aText},
	}, required: []string{"index", "value"}}
)

func (f *form) field(name string) *form {
	for _, field := range f.fields {
		if field.name == name {
			return field.form
		}
	}
	return nil
}

func (f *form) names() []string {
	var names []string
	for _, field := range f.fields {
		names = append(names, field.name)
	}
	return names
}
