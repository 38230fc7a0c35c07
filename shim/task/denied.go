package task

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/denials"
)

// deniedTopic is the topic of containerd's events about refused calls.
const deniedTopic = "/seccomp/denied"

// announceDenied publishes an event about a refused call, for people who read `ctr events`.
func (s *Service) announceDenied(container string, d denials.Denial, mode denials.Mode) {
	s.events.sendTo(deniedTopic, deniedEvent(container, d, mode))
}

// deniedEvent returns an event of a type of gRPC, with a code and a text. ctr and other clients
// of containerd skip an event whose type they do not link, so a type of our own would be seen
// by nobody; they all link this one.
func deniedEvent(container string, d denials.Denial, mode denials.Mode) any {
	code, end := codes.PermissionDenied, ""
	if mode == denials.Trial {
		code, end = codes.OK, " (trial: let through)"
	}
	return status.Newf(code, "%s: %s%s", mistake.Shown(container), d.Line(), end).Proto()
}
