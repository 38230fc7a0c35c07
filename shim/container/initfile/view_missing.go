//go:build !lastact

package initfile

import (
	"errors"
	"os"
)

// view returns an error: package initfile then makes copies.
func view(string, string) (*os.File, error) {
	return nil, errors.New("built without the changed libcontainer")
}
