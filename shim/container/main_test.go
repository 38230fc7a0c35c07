package container

import (
	"os"
	"testing"
)

// The test's binary is also the processes that the tests look at.
func TestMain(m *testing.M) {
	if how, ok := os.LookupEnv(keepEnv); ok {
		runKeeping(how)
		return
	}
	if filter, ok := os.LookupEnv(restoredEnv); ok {
		runRestored(filter)
	}
	os.Exit(m.Run())
}
