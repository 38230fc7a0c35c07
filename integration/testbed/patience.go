package testbed

import (
	"os"
	"strconv"
	"time"
)

// PatienceEnv is the environment variable with a factor for the limits of all waits. An
// emulated machine is slow, and needs more than 1.
const PatienceEnv = "SECCOMP_SHIM_PATIENCE"

// Patient returns the limit of a wait on this machine: the usual limit times the factor.
func Patient(usual time.Duration) time.Duration {
	factor, err := strconv.Atoi(os.Getenv(PatienceEnv))
	if err != nil || factor < 1 {
		factor = 1
	}
	return usual * time.Duration(factor)
}

// HoldsWithin polls until holds returns true, and reports whether it does so within
// limit.
func HoldsWithin(limit time.Duration, holds func() bool) bool {
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
