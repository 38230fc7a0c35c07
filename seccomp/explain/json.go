package explain

import (
	"bytes"
	"encoding/json"
)

// encode does not escape < and & of conditions. json.Marshal does, and the encoder of the
// whole document could not undo that.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}
