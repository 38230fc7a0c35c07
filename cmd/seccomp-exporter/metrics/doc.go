// Package metrics has the metrics of the exporter: how many calls the seccomp profiles of a
// node's observed containers have refused, read from the reports of the node's shims.
//
//	shim ── writes ──▶ /run/seccomp-shim/denials ◀── reads, at each scrape ── exporter ◀── Prometheus
//
// # Counters that do not fall
//
// A series is the sum over all containers with its labels: a restarted container has a new
// ID and the same labels. Reports are removed some time after their containers. If the sum
// fell then, Prometheus would see a counter that was reset, and count what is left a second
// time. So a series keeps what it has counted as long as one of its reports is there, and is
// dropped with the last one.
//
// # Bounded
//
// A pod's author chooses how many pods there are and which calls they make. The node has at
// most a given number of series. Calls beyond it are counted in one series whose labels are
// all "other", and stay there. Calls that a report counts together have the syscall and the
// answer "other". No call is counted twice, and none is left out but the probes that
// seccompctl denials leaves out too.
package metrics
