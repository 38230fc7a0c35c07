package bundle

import "os"

// addressFile holds the address of the shim's socket. containerd before 2.0 looks for
// the shim there after a restart, and later versions after an upgrade from those.
const addressFile = "address"

// WriteAddress notes the address of the container's shim.
func (d Dir) WriteAddress(address string) error {
	return os.WriteFile(d.join(addressFile), []byte(address), 0o600)
}

// Address returns what WriteAddress has noted.
func (d Dir) Address() (string, error) {
	address, err := os.ReadFile(d.join(addressFile))
	return string(address), err
}
