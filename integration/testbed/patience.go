package testbed

import (
	"os"
	"strconv"
	"time"
)

// PatienceEnv names the environment variable with the factor by which all waits
// may take longer than usual: an emulated machine is slow, and not stuck.
const PatienceEnv = "SECCOMP_SHIM_PATIENCE"

// Patient returns how long to wait here for what elsewhere takes at most usual.
func Patient(usual time.Duration) time.Duration {
	factor, err := strconv.Atoi(os.Getenv(PatienceEnv))
	if err != nil || factor < 1 {
		factor = 1
	}
	return usual * time.Duration(factor)
}

// HoldsWithin polls until a fact holds, and reports whether it does in time.
func HoldsWithin(limit time.Duration, holds func() bool) bool {
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
