package command

import (
	"crypto/sha256"
	"encoding/hex"

	"seccomp-shim/bpf"
)

// list returns a copy that is never null in JSON.
func list[T any](all []T) []T { return append([]T{}, all...) }

// A summary describes a program in JSON documents.
type summary struct {
	Instructions  int      `json:"instructions"`
	SHA256        string   `json:"sha256"`
	Architectures []string `json:"architectures"`
	Actions       []string `json:"actions"`
	Program       []byte   `json:"program"`
}

func describe(p bpf.Program) summary {
	sum := sha256.Sum256(p.Bytes())
	d := summary{Instructions: p.Len(), SHA256: hex.EncodeToString(sum[:]), Architectures: []string{}, Actions: []string{}, Program: p.Bytes()}
	for _, arch := range p.Architectures() {
		d.Architectures = append(d.Architectures, arch.String())
	}
	for _, action := range p.Actions() {
		d.Actions = append(d.Actions, action.String())
	}
	return d
}
