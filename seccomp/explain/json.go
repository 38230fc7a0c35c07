package explain

import (
	"bytes"
	"encoding/json"
)

// encode leaves it to whoever encodes the whole whether < and & of conditions are
// escaped; json.Marshal would do it.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}
