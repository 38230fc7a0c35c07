package task

import (
	"encoding/json"
	"fmt"

	"github.com/containerd/errdefs"

	"seccomp-shim/mistake"
)

// decodeJSON decodes JSON of a request. source names it in the error, which is an
// errdefs.ErrInvalidArgument.
func decodeJSON(source string, data []byte, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return withClass(fmt.Errorf("%s: %s", source, mistake.JSON(data, err)), errdefs.ErrInvalidArgument)
	}
	return nil
}
