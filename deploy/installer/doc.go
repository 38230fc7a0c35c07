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
// docs/node-installer.md is the page for users. What it does to a node is tested by
// packages integration and integration/node.
package installer
