// Package resolve decides which seccomp profile applies to a container.
//
// [Choose] reads no files. The first row of this table that is present decides:
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
// An annotation never replaces or weakens linux.seccomp. containerd's CRI plugin sends
// no linux.seccomp for Unconfined and for privileged containers too, so only the
// operator may decide what applies then (unset_profile).
//
// Every annotation of the table must have a known value, also one that another row
// beats: a misspelt profile name is never ignored. Neither is a misspelt annotation: a
// key with our prefix or with the prefix of the pod's annotation, or one that differs by
// a few letters, is an error that names the right key. The annotations for other
// containers are ignored, because containerd's CRI plugin gives each container all the
// annotations of its pod.
//
// The process of a pod's sandbox container only holds the namespaces. It is under
// RuntimeDefault where an annotation or unset_profile names a file: the file is written
// for the workload, and if it denies pause(2) the process uses all of a CPU. The kubelet
// asks for RuntimeDefault too, except in privileged pods.
//
// The handler option floor names a profile that holds for each container beside the one that
// this table finds, for pod sandboxes and unconfined containers too: see [LoadFloor]. Nothing
// in a pod changes it. unset_profile is a default, and floor is a policy.
//
// The annotation io.containerd.seccomp.v1/observe and the handler's options observe,
// allow_trial and allow_record decide how the container is observed: see [Observation]. A
// container that is recorded runs under the profile of the option record_under, and without
// one unconfined.
//
// [Choice.Load] then returns the profile: that of the spec, of a file under the profile
// root, or containerd's default profile of the linked version. The file may have Docker's
// format; its conditions are resolved for the container's capabilities and the node.
package resolve
