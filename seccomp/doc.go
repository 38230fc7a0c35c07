// Package seccomp reads seccomp profiles: a [Profile] is a value that cannot be
// invalid. It is made of OCI's linux.seccomp by [New], or of its JSON text by [Parse].
//
// # What is refused
//
// runc accepts the following and enforces something else than was written; here
// each is an [*InvalidError] that names the field and the value:
//
//	{} or an empty defaultAction              runc runs the container unconfined
//	an errnoRet above 4095                    runc truncates to 16 bits: 65536 becomes success
//	an errnoRet beside an action without one  the OCI spec demands the error; runc ignores the value
//	syscalls without names                    runc ignores the rule
//	WAIT_KILLABLE_RECV without SCMP_ACT_NOTIFY  the kernel refuses the load inside the container
//	listenerMetadata without listenerPath     the OCI spec forbids it; runc ignores the value
//	a condition without index or value     runc takes 0: a rule about another argument
//	a field that OCI does not know, in a file Docker's includes, excludes and archMap would be dropped
//
// A file must be UTF-8. Its text is held against a form, so that an error names the
// field with its place in the lists and says what belongs there; what is not an OCI
// profile but looks like something else, such as YAML, Docker's format or a whole
// spec, is called that. valueTwo may be absent, which is 0: containerd writes it so.
package seccomp
