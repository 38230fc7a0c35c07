// Package generate makes profiles from recordings. It is pure.
//
// The profile allows the calls of all recordings, by any ABI that was seen, and:
//
//   - the calls by which threads end and return from signals, which a recording can lack;
//   - execve, the runtime's last call, which is under the profile already;
//   - the calls behind the functions of the vDSO. They make no call where the vDSO can
//     answer by itself, and do on the next host, whose clock it cannot read.
//
// Each entry has a comment that says why it is there. The same recordings give the same
// profile, byte for byte.
//
// A profile with argument rules allows only the recorded values. An argument of 32 bits is
// compared in its lower half: the kernel ignores the upper one, which may hold rubbish.
//
// OCI's rules are for all architectures of a profile: a call that was seen by one ABI is
// allowed by the others of the profile, too.
package generate
