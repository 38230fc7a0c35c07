package container

import (
	"os"
	"testing"
)

// The test binary is also run as the processes that the tests examine.
func TestMain(m *testing.M) {
	if filter, ok := os.LookupEnv(restoredEnv); ok {
		runRestored(filter)
	}
	os.Exit(m.Run())
}
