// Package seccomp reads seccomp profiles. A [Profile] is always valid: [New] makes one
// from OCI's linux.seccomp, [Parse] from the JSON text of a file.
//
// A profile that cannot be enforced as it is written is refused with an [*InvalidError],
// which names the field and the value. runc accepts several such profiles and enforces
// something else: docs/profiles.md#what-is-refused lists them for users.
//
// Parse compares the text with a form of what a profile may contain. So an error names
// the entry in the lists, and the type of JSON value that belongs there. A text that is
// something else, such as YAML, Docker's format or a whole OCI spec, is refused by its
// name. An absent valueTwo is 0, because containerd omits it.
//
// Docker's format has conditions about the container and its node. [ParseDocker] resolves
// them at a [Place], and [ParseFile] reads both formats.
package seccomp
