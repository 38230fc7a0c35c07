// Package resolve decides which seccomp profile applies to a container.
//
// [Choose] chooses, and reads nothing: the first match of this table wins.
//
//	linux.seccomp in the OCI spec                   the profile written there
//	annotation io.containerd.seccomp.v1/profile     RuntimeDefault, Unconfined, Localhost/<path>
//	annotation container.seccomp.security.alpha.kubernetes.io/<container>
//	                                                runtime/default, docker/default, unconfined, localhost/<path>
//	annotation seccomp.security.alpha.kubernetes.io/pod
//	                                                the same values
//	handler option unset_profile                    as io.containerd.seccomp.v1/profile
//	none of these                                   unconfined, as the OCI runtime spec says
//
// An annotation never replaces or weakens what linux.seccomp says. A nil
// linux.seccomp is also what containerd's CRI plugin sends for Unconfined and
// for privileged containers, so only the operator may fill it in
// (unset_profile). Every annotation of the table that is present must hold a
// known value, the losing ones too: a misspelt profile name is never passed
// over in silence. Nor is a misspelt annotation: a key that begins as ours or as the
// pod's old one, or is few letters from it, is an error that names the right one. Of
// the annotations for one container, those for others are passed over, because
// containerd's CRI plugin gives each container all that its pod has.
//
// The sandbox container of a pod, whose process only holds the namespaces, is
// under RuntimeDefault where an annotation or unset_profile names a file: the
// file is made for the workload, and without pause(2) in it that process would
// burn a CPU. The kubelet asks for the same, but not in privileged pods.
//
// [Choice.Load] then obtains the profile: from the spec, from a file under the
// profile root, or from containerd's own default profile of the linked version.
package resolve
