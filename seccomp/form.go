package seccomp

// A form is what belongs at a place of a profile's JSON text.
type form struct {
	kind     kind
	fields   []field  // of an object
	entries  *form    // of a list
	required []string // fields of an object that encoding/json would read as 0 if they are absent
}

type field struct {
	name string
	form *form
}

// kind is a form's, in the words of messages.
type kind string

const (
	text   kind = "a string"
	number kind = "a number"
	list   kind = "a list"
	object kind = "an object"
	// boolean is what no field is.
	boolean kind = "a boolean"
	// conditions say when a rule of Docker's format counts. An OCI profile has none.
	conditions kind = "conditions"
)

var (
	aText   = &form{kind: text}
	aNumber = &form{kind: number}
	texts   = &form{kind: list, entries: aText}

	// profileForm is OCI's linux.seccomp (config-linux.md, "Seccomp"), and what Docker's
	// format adds to it where that can be judged harmless.
	profileForm = &form{kind: object, fields: []field{
		{"defaultAction", aText}, {"defaultErrnoRet", aNumber}, {"architectures", texts}, {"flags", texts},
		{"listenerPath", aText}, {"listenerMetadata", aText}, {"syscalls", &form{kind: list, entries: ruleForm}},
		{"comment", aText},
	}}
	ruleForm = &form{kind: object, fields: []field{
		{"names", texts}, {"action", aText}, {"errnoRet", aNumber}, {"args", &form{kind: list, entries: conditionForm}},
		{"comment", aText}, {"includes", &form{kind: conditions}}, {"excludes", &form{kind: conditions}},
	}}
	conditionForm = &form{kind: object, fields: []field{
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
