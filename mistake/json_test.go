package mistake

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// A document has a field of each type.
type document struct {
	Text    string            `json:"text"`
	Flag    bool              `json:"flag"`
	List    []document        `json:"list"`
	Words   map[string]string `json:"words"`
	Small   *uint32           `json:"small"`
	Signed  int               `json:"signed"`
	Wide    uint64            `json:"wide"`
	Real    float64           `json:"real"`
	Another *document         `json:"another"`
}

func TestJSON(t *testing.T) {
	for _, row := range []struct{ fact, given, want string }{
		{"nothing", "", "the text is empty: it ends at byte 0"},
		{"spaces", " \n ", "the text is empty: it ends at byte 3"},
		{"no end", `{"text":"x"`, "the JSON text ends too early, at byte 11"},
		{"no end of a string", "{\n\"text\":\"x", "the JSON text ends too early, at byte 11, line 2"},
		{"a byte order mark", "\ufeff{}", "byte order mark"},
		{"UTF-16", "\xff\xfe{\x00}\x00", "UTF-16"},
		{"UTF-16, the other order", "\xfe\xff\x00{\x00}", "UTF-16"},
		{"UTF-16 without a mark", "{\x00}\x00", "UTF-16"},
		{"UTF-16 without a mark, the other order", "\x00{\x00}", "UTF-16"},
		{"Latin-1", "{\"text\":\"\xe9\"", "byte 10 (E9) is not UTF-8"},
		{"YAML", "text: x\n", "the text is YAML: convert it to JSON"},
		{"YAML after a comment", "# c\n\n# d\ntext:\n  - x\n", "the text is YAML"},
		{"YAML of three dashes", "---\ntext: x\n", "the text is YAML"},
		{"YAML of a list", "- x\n", "the text is YAML"},
		{"a page in Markdown", "```json\n{}\n```\n", "leave only the lines between"},
		{"a page in HTML", "<!DOCTYPE html>", "HTML or XML"},
		{"no YAML, since no space follows", "a:b", "invalid character 'a' looking for beginning of value at byte 1"},
		{"a word", "allow", "invalid character 'a' looking for beginning of value at byte 1"},
		{"a comment first", "# c\n{}", "JSON has no comments, delete it"},
		{"a comment at a line's end", "{\n\"text\": \"x\" // c\n}", "byte 15, line 2: JSON has no comments"},
		{"a comment in the old style", "/* c */ {}", "JSON has no comments"},
		{"a comma too many in a list", `{"list":[{},]}`, "byte 13: delete the comma before it"},
		{"a comma too many, and a line", "{\"flag\":true,\n}", "byte 15, line 2: delete the comma before it"},
		{"a comma too few", `{"flag":true "text":"x"}`, "byte 14: a comma is missing before it"},
		{"a comma too few in a list", `{"list":[{} {}]}`, "a comma is missing before it"},
		{"single quotes", `{'text':1}`, "stand in double quotes"},
		{"single quotes for a value", `{"text":'x'}`, "stand in double quotes"},
		{"a key without quotes", `{text:1}`, "a key stands in double quotes"},
		{"typographic quotes", `{“text”:1}`, "U+201C at byte 2 is no character of JSON's: it is a typographic quote, write the plain \""},
		{"German quotes", `{„text“:1}`, "typographic quote"},
		{"a no-break space", "{\u00a0}", "U+00A0 at byte 2 is no character of JSON's: it looks like a space or like nothing, delete it"},
		{"a zero-width space", "{\u200b}", "it looks like a space or like nothing"},
		{"another letter", "{é}", "U+00E9 at byte 2"},
		{"a hexadecimal number", `{"wide":0xFF}`, "write 255 for 0xFF"},
		{"an octal number", `{"wide":0755}`, "write 493 for 0755"},
		{"an octal number in Go's form", `{"wide":0o755}`, "write 493 for 0o755"},
		{"an octal number of 500 digits", `{"wide":` + strings.Repeat("0", 499) + `7}`, "0… (500 bytes)"},
		{"a hexadecimal number without digits", `{"wide":0x}`, "JSON has only decimal numbers"},
		{"a line break in a string", "{\"text\":\"a\nb\"}", "a string ends on the line on which it begins"},
		{"a list for an object", `[]`, "a JSON array stands where an object belongs, before byte 1"},
		{"a number for a string", `{"text":5}`, "text: a JSON number stands where a string belongs, before byte 9"},
		{"a string for a boolean", `{"flag":"yes"}`, "flag: a JSON string stands where true or false belongs"},
		{"an object for a list", `{"list":{}}`, "list: a JSON object stands where a list belongs"},
		{"a string for a map", `{"words":"x"}`, "words: a JSON string stands where an object belongs"},
		{"a negative number", `{"small":-1}`, "small: a JSON number -1 stands where a whole number from 0 to 4294967295 belongs"},
		{"a number too large", `{"another":{"wide":18446744073709551616}}`, "another.wide: a JSON number 18446744073709551616 stands where a whole number that is not negative belongs"},
		{"a fraction", `{"signed":1.5}`, "signed: a JSON number 1.5 stands where a whole number belongs"},
		{"a string for a number", `{"real":"1"}`, "real: a JSON string stands where a number belongs"},
	} {
		t.Run(row.fact, func(t *testing.T) {
			err := json.Unmarshal([]byte(row.given), &document{})
			if err == nil {
				t.Fatal("it is right")
			}
			got := JSON([]byte(row.given), err)
			mustSay(t, got, row.want)
			// A json.Decoder returns other errors at the end of its input.
			if err := json.NewDecoder(bytes.NewReader([]byte(row.given))).Decode(&document{}); err != nil {
				mustSay(t, JSON([]byte(row.given), err), row.want)
			}
		})
	}
}

func mustSay(t *testing.T, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, jargon := range []string{"Go ", "mistake.", "document", "uint", "struct"} {
		if strings.Contains(got, jargon) {
			t.Errorf("%q says %q", got, jargon)
		}
	}
}

// For every text there is a message, and it is short.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{"", "{", "0x", "{\"a\":01", "\xef\xbb\xbf", "- ", "“", "{\"text\":\"" + strings.Repeat("x", 1000), "[" + strings.Repeat("1", 1000) + "]", strings.Repeat("0", 1000)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := json.Unmarshal(data, &document{})
		if err == nil {
			return
		}
		if got := JSON(data, err); got == "" || len(got) > 600 {
			t.Errorf("%d bytes: %.100q", len(got), got)
		}
	})
}
