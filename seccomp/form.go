package seccomp

// A form is what belongs at a place of a profile's JSON text.
type form struct {
	jsonType jsonType
	fields   []field  // of an object
	entries  *form    // of a list
	required []string // fields of an object that encoding/json would read as 0 if they are absent
}

type field struct {
	name string
	form *form
}

// A jsonType is one of JSON's types of values, in the words of messages.
type jsonType string

const (
	text   jsonType = "a string"
	number jsonType = "a number"
	list   jsonType = "a list"
	object jsonType = "an object"
	// boolean is what no field is.
	boolean jsonType = "a boolean"
	// conditions say when a rule of Docker's format counts. An OCI profile has none.
	conditions jsonType = "conditions"
)

var (
	aText   = &form{jsonType: text}
	aNumber = &form{jsonType: number}
	texts   = &form{jsonType: list, entries: aText}

	// profileForm is OCI's linux.seccomp (config-linux.md, "Seccomp"), and what Docker's
	// format adds to it where that can be judged harmless.
	profileForm = &form{jsonType: object, fields: []field{
		{"defaultAction", aText}, {"defaultErrnoRet", aNumber}, {"architectures", texts}, {"flags", texts},
		{"listenerPath", aText}, {"listenerMetadata", aText}, {"syscalls", &form{jsonType: list, entries: ruleForm}},
		{"comment", aText},
	}}
	ruleForm = &form{jsonType: object, fields: []field{
		{"names", texts}, {"action", aText}, {"errnoRet", aNumber}, {"args", &form{jsonType: list, entries: conditionForm}},
		{"comment", aText}, {"includes", &form{jsonType: conditions}}, {"excludes", &form{jsonType: conditions}},
	}}
	conditionForm = &form{jsonType: object, fields: []field{
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
