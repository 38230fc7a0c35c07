// Package installer puts the runtime handler "seccomp" on a node, or takes it off again:
// binaries, the tutorial's profiles, and the handler in containerd's configuration. It is
// the logic of command node-installer.
//
// It can be run at any time, and changes only what is not as it should be. containerd is
// restarted only if its effective configuration changed, and containerd accepted that:
// each proposal is written beside config.toml and read by `containerd config dump` first.
// After the restart containerd's CRI plugin is asked for the handler. If a step fails,
// all files are put back as they were.
//
// The handler is written where this containerd reads it:
//
//   - containerd 2.x: a file of its own, in a folder that config.toml imports. If it
//     imports none, that file is added to its imports.
//   - containerd 1.x: a block at the end of config.toml, because an imported file replaces
//     all that config.toml says of a plugin.
//   - k3s and RKE2 write config.toml again at each start: a file in the folder that it
//     imports, or, where it imports none, a block in the template that it is made from.
//
// # The label of nodes
//
// A pod of the RuntimeClass must not be scheduled to a node without the handler, where it would
// wait without an end. deploy/installer/label adds to the DaemonSet what labels a node while the
// installer of its pod has succeeded: before it does anything the label is removed, and after the
// handler has answered it is set. So a node that was made again under its old name, or whose
// upgrade fails, gets no new pods.
//
// The container that is root on the node has no token, and the containers that have one have no
// right on the node. Three identities could label a node:
//
//   - a service account that may patch nodes: its token is on each node, and RBAC cannot limit it to
//     one node, so root on one node could label and taint all others.
//   - the kubelet's own: it may label its node alone (NodeRestriction). But where its credentials
//     are, and which program makes its tokens, differs with each distribution and cloud; and a
//     program that uses them cannot be told from the kubelet in the audit log.
//   - a service account with a ValidatingAdmissionPolicy, which is the choice here: the API server
//     has written the pod's node into the token, and the policy lets a request change this label of
//     that node and nothing else, which is less than the kubelet of the node may do. This needs
//     Kubernetes 1.30: in an older cluster, leave deploy/installer/label out.
//
// An installation without a cluster's API, by a package, sets no label: kubectl label node does.
//
// docs/node-installer.md is the page for users. What it does to a node is tested by
// packages integration and integration/node.
package installer
