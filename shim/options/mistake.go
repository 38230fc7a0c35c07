package options

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"seccomp-shim/mistake"
)

// explain says which option in body is wrong, and which form its value must have. err is
// the decoder's error, whose text is about Go's types.
func explain(body []byte, err error) string {
	if reason := mistake.Encoding(body); reason != "" {
		return reason
	}
	var written map[string]any
	syntax := toml.Unmarshal(body, &written)
	if strict := (*toml.StrictMissingError)(nil); syntax == nil && errors.As(err, &strict) && len(strict.Errors) > 0 {
		return unknownOption(strict.Errors[0].Key(), written)
	}
	var decode *toml.DecodeError
	if !errors.As(err, &decode) {
		return mistake.Shorten(err.Error())
	}
	line, column := decode.Position()
	where := fmt.Sprintf("line %d, column %d: ", line, column)
	key := decode.Key()
	if syntax != nil || len(key) == 0 {
		return where + mistake.Shorten(strings.TrimPrefix(decode.Error(), "toml: "))
	}
	return where + fmt.Sprintf("option %q: %s: must be %s", key[0], tomlValue(written[key[0]]), optionForm(key[0]))
}

func unknownOption(key toml.Key, written map[string]any) string {
	reason := fmt.Sprintf("unknown option %q", strings.Join(key, "."))
	if _, isTable := written[key[0]].(map[string]any); isTable {
		return reason + ": it is a table, and options stand above any table's head"
	}
	var known []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Options]()) {
		known = append(known, optionName(field))
	}
	return reason + mistake.Meant(key[0], known...)
}

// tomlValue describes a value and its type in TOML's words.
func tomlValue(value any) string {
	switch v := value.(type) {
	case string:
		return mistake.Shorten(fmt.Sprintf("the string %q", v))
	case int64:
		return fmt.Sprintf("the integer %d", v)
	case float64:
		return fmt.Sprintf("the float %v", v)
	case bool:
		return fmt.Sprintf("the boolean %v", v)
	case []any:
		return "an array"
	case map[string]any:
		return "a table"
	}
	return mistake.Shorten(fmt.Sprint(value))
}

// optionForm describes the form of an option's value. Like the decoder, it ignores the
// name's letter case.
func optionForm(name string) string {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Options]()) {
		if !strings.EqualFold(optionName(field), name) {
			continue
		}
		switch field.Type.Kind() {
		case reflect.Bool:
			return "true or false, without quotes"
		case reflect.String:
			return "text in quotes"
		case reflect.Slice:
			return `a list of texts in quotes, such as ["/run/agents"]`
		case reflect.Uint32:
			return "an integer from 0 to 4294967295, without quotes"
		}
	}
	return "something else"
}

func optionName(field reflect.StructField) string {
	if name := field.Tag.Get("toml"); name != "" {
		return name
	}
	return field.Name
}
