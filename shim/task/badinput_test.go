package task

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	runc "github.com/containerd/containerd/api/types/runc/options"
	generic "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/errdefs"
	"github.com/containerd/errdefs/pkg/errgrpc"
	"github.com/containerd/typeurl/v2"
	"github.com/opencontainers/runtime-spec/specs-go"
	"google.golang.org/protobuf/types/known/anypb"

	"seccomp-shim/shim/container"
)

// classes are the classes by which clients tell errors apart, as they arrive at
// containerd. The tests call the service directly, since containerd sends no malformed
// requests.
var classes = map[string]func(error) bool{
	"AlreadyExists":      errdefs.IsAlreadyExists,
	"FailedPrecondition": errdefs.IsFailedPrecondition,
	"InvalidArgument":    errdefs.IsInvalidArgument,
	"NotFound":           errdefs.IsNotFound,
	"NotImplemented":     errdefs.IsNotImplemented,
	"Unavailable":        errdefs.IsUnavailable,
}

func TestBadCreate(t *testing.T) {
	id := func(r *taskv3.CreateTaskRequest) { r.ID = "taken" }
	for _, row := range []struct {
		fact  string
		spoil func(*taskv3.CreateTaskRequest)
		class string
		says  string
	}{
		{"an id that exists", id, "AlreadyExists", "taken"},
		{"an id that is a path", func(r *taskv3.CreateTaskRequest) { r.ID = "../x" }, "InvalidArgument", "id"},

		{"options of an unknown type", rawOptions("example.com/Options", nil), "InvalidArgument", "example.com/Options"},
		{"options that are no message", rawOptions(typeOf(&generic.Options{}), []byte{0xff, 0xff}), "InvalidArgument", "runtime options"},
		{"runc's options that are no message", rawOptions(typeOf(&runc.Options{}), []byte{0xff, 0xff}), "InvalidArgument", "runtime options"},
		{"options that are no TOML", tomlOptions("profile_root"), "InvalidArgument", "line 1"},
		{"an unknown option", tomlOptions(`profil_root = "/x"`), "InvalidArgument", `unknown option "profil_root"`},
		{"an option of another type", tomlOptions(`IoUid = "root"`), "InvalidArgument", "IoUid"},
		{"an owner that cannot be", tomlOptions(`IoUid = -1`), "InvalidArgument", "IoUid"},
		{"an option without effect", tomlOptions(`Root = "/run/runc"`), "InvalidArgument", "option Root"},
		{"a file of options that is not there", func(r *taskv3.CreateTaskRequest) {
			r.Options = packed(&generic.Options{ConfigPath: "/nonexistent.toml"})
		}, "InvalidArgument", "/nonexistent.toml"},

		{"no bundle", func(r *taskv3.CreateTaskRequest) { r.Bundle = "" }, "InvalidArgument", "bundle"},
		{"a relative bundle", func(r *taskv3.CreateTaskRequest) { r.Bundle = "bundle" }, "InvalidArgument", `"bundle"`},
		{"a bundle that is not there", func(r *taskv3.CreateTaskRequest) { r.Bundle = "/nonexistent" }, "NotFound", "/nonexistent"},
		{"an empty config.json", withFile("config.json", ""), "InvalidArgument", "config.json"},
		{"a config.json that is cut off", withFile("config.json", `{"linux":`), "InvalidArgument", "config.json"},
		{"a config.json of another form", withFile("config.json", `{"linux":[]}`), "InvalidArgument", "config.json"},

		{"a config.json of another form, in words", withFile("config.json", `{"linux":[]}`), "InvalidArgument", "/config.json: linux: a JSON array stands where an object belongs"},
		{"a condition without an index", withFile("config.json", `{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
			{"names":["ioctl"],"action":"SCMP_ACT_ERRNO","args":[{"value":21522,"op":"SCMP_CMP_EQ"}]}]}},"process":{}}`),
			"InvalidArgument", "linux.seccomp: invalid seccomp profile: syscalls[0].args[0].index: must be set"},

		{"an option that is almost right", tomlOptions(`profil_root = "/x"`), "InvalidArgument", `unknown option "profil_root"; did you mean "profile_root"?`},
		{"an option of nobody", tomlOptions(`xyz = 1`), "InvalidArgument", `unknown option "xyz"`},
		{"options in a table", tomlOptions("[options]\nprofile_root = \"/x\""), "InvalidArgument", `unknown option "options": it is a table, and options stand above any table's head`},
		{"a word for a boolean", tomlOptions(`SystemdCgroup = "yes"`), "InvalidArgument", `line 1, column 17: option "SystemdCgroup": the string "yes": must be true or false, without quotes`},
		{"a number for a boolean", tomlOptions(`NoPivotRoot = 1`), "InvalidArgument", `option "NoPivotRoot": the integer 1: must be true or false`},
		{"a number for a path", tomlOptions("# c\nprofile_root = 5"), "InvalidArgument", `line 2, column 16: option "profile_root": the integer 5: must be text in quotes`},
		{"a list for a path", tomlOptions(`profile_root = ["/x"]`), "InvalidArgument", `option "profile_root": an array: must be text in quotes`},
		{"a table for a boolean", tomlOptions("[SystemdCgroup]\nx = 1"), "InvalidArgument", `option "SystemdCgroup": a table: must be true or false`},
		{"a part of a path", tomlOptions(`ShimCgroup.x = 1`), "InvalidArgument", `option "ShimCgroup": a table: must be text in quotes`},
		{"a fraction for an owner", tomlOptions(`IoUid = 1.5`), "InvalidArgument", `option "IoUid": the float 1.5: must be an integer from 0 to 4294967295`},
		{"a negative owner", tomlOptions(`IoGid = -1`), "InvalidArgument", `option "IoGid": the integer -1: must be an integer from 0 to 4294967295`},
		{"a boolean for a profile", tomlOptions(`unset_profile = true`), "InvalidArgument", `option "unset_profile": the boolean true: must be text in quotes`},
		{"a path for a list", tomlOptions(`listener_dirs = "/x"`), "InvalidArgument", `option "listener_dirs": the string "/x": must be a list of texts in quotes`},
		{"a number in a list", tomlOptions(`listener_dirs = ["/x", 3]`), "InvalidArgument", `option "listener_dirs": an array: must be a list of texts in quotes`},
		{"a relative path in a list", tomlOptions(`listener_dirs = ["/x", "run"]`), "InvalidArgument", `option listener_dirs[1]: "run": must be an absolute path`},
		{"an option twice", tomlOptions("IoUid = 1\nIoUid = 2"), "InvalidArgument", "already defined"},
		{"Python's boolean", tomlOptions("SystemdCgroup = True"), "InvalidArgument", "line 1, column 17"},
		{"options with a byte order mark", tomlOptions("\ufeffSystemdCgroup = true"), "InvalidArgument", "byte order mark"},

		{"no linux", withSpec(func(s *specs.Spec) { s.Linux = nil }), "InvalidArgument", "linux"},
		{"no process", withSpec(func(s *specs.Spec) { s.Process = nil }), "InvalidArgument", "process"},
		{"no root", withSpec(func(s *specs.Spec) { s.Root = nil }), "InvalidArgument", "root"},
		{"no program", withSpec(func(s *specs.Spec) { s.Process.Args = nil }), "InvalidArgument", "process.args"},
		{"a relative folder", withSpec(func(s *specs.Spec) { s.Process.Cwd = "x" }), "InvalidArgument", "process.cwd"},
		{"an unknown limit", withSpec(func(s *specs.Spec) {
			s.Process.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_X"}}
		}), "InvalidArgument", "RLIMIT_X"},
		{"an unknown namespace", withSpec(func(s *specs.Spec) {
			s.Linux.Namespaces = []specs.LinuxNamespace{{Type: "x"}}
		}), "InvalidArgument", `"x"`},
		{"an unknown profile", withSpec(func(s *specs.Spec) {
			s.Annotations = map[string]string{"io.containerd.seccomp.v1/profile": "x"}
		}), "InvalidArgument", `"x"`},
		{"an unknown action", withSpec(func(s *specs.Spec) {
			s.Linux.Seccomp = &specs.LinuxSeccomp{DefaultAction: "x"}
		}), "InvalidArgument", `"x"`},
	} {
		t.Run(row.fact, func(t *testing.T) {
			s := testService()
			r := &taskv3.CreateTaskRequest{ID: "new", Bundle: t.TempDir()}
			withSpec(func(*specs.Spec) {})(r)
			row.spoil(r)
			_, err := s.Create(namespaces.WithNamespace(t.Context(), "test"), r)
			mustBe(t, err, row.class, row.says)
			if _, there := s.containers["new"]; there {
				t.Error("the id is still taken")
			}
		})
	}
}

// On a host without CRIU the error names it.
func TestRestoreWithoutCRIU(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	r := &taskv3.CreateTaskRequest{ID: "new", Bundle: t.TempDir(), Checkpoint: "/images"}
	withSpec(func(*specs.Spec) {})(r)
	_, err := testService().Create(namespaces.WithNamespace(t.Context(), "test"), r)
	mustBe(t, err, "FailedPrecondition", "criu")
}

// Requests for containers that do not exist, or without a namespace.
func TestBadRequests(t *testing.T) {
	s := testService()
	ctx := namespaces.WithNamespace(t.Context(), "test")
	answer := func(_ any, err error) error { return err }
	for fact, row := range map[string]struct {
		err   error
		class string
	}{
		"start":                            {answer(s.Start(ctx, &taskv3.StartRequest{ID: "x"})), "NotFound"},
		"state":                            {answer(s.State(ctx, &taskv3.StateRequest{ID: "x"})), "NotFound"},
		"delete":                           {answer(s.Delete(ctx, &taskv3.DeleteRequest{ID: "x"})), "NotFound"},
		"exec":                             {answer(s.Exec(ctx, &taskv3.ExecProcessRequest{ID: "x"})), "NotFound"},
		"kill":                             {answer(s.Kill(ctx, &taskv3.KillRequest{ID: "x"})), "NotFound"},
		"wait":                             {answer(s.Wait(ctx, &taskv3.WaitRequest{ID: "x"})), "NotFound"},
		"pids":                             {answer(s.Pids(ctx, &taskv3.PidsRequest{ID: "x"})), "NotFound"},
		"stats":                            {answer(s.Stats(ctx, &taskv3.StatsRequest{ID: "x"})), "NotFound"},
		"pause":                            {answer(s.Pause(ctx, &taskv3.PauseRequest{ID: "x"})), "NotFound"},
		"resume":                           {answer(s.Resume(ctx, &taskv3.ResumeRequest{ID: "x"})), "NotFound"},
		"update":                           {answer(s.Update(ctx, &taskv3.UpdateTaskRequest{ID: "x"})), "NotFound"},
		"resize":                           {answer(s.ResizePty(ctx, &taskv3.ResizePtyRequest{ID: "x"})), "NotFound"},
		"close":                            {answer(s.CloseIO(ctx, &taskv3.CloseIORequest{ID: "x"})), "NotFound"},
		"checkpoint":                       {answer(s.Checkpoint(ctx, &taskv3.CheckpointTaskRequest{ID: "x"})), "NotFound"},
		"state of one that is in creation": {answer(s.State(ctx, &taskv3.StateRequest{ID: "taken"})), "NotFound"},
		"create in no namespace":           {answer(s.Create(context.Background(), &taskv3.CreateTaskRequest{ID: "new", Bundle: "/"})), "FailedPrecondition"},
	} {
		t.Run(fact, func(t *testing.T) { mustBe(t, row.err, row.class, "") })
	}
	s.closing = true
	_, err := s.Create(ctx, &taskv3.CreateTaskRequest{ID: "new"})
	mustBe(t, err, "Unavailable", "shutting down")
}

// testService returns a service without containerd, in which the ID "taken" is reserved.
func testService() *Service {
	s := &Service{events: newQueue(&slow{})}
	s.containers = map[string]*container.Container{"taken": nil}
	s.creates = map[string]*creation{}
	return s
}

func mustBe(t *testing.T, err error, class, says string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want %s", class)
	}
	got := errgrpc.ToNative(errgrpc.ToGRPC(flatten(err)))
	if !classes[class](got) || !strings.Contains(got.Error(), says) {
		t.Errorf("got %v (%v); want %s that says %s", got, errdefs.Resolve(got), class, says)
	}
	for _, jargon := range []string{"Go struct", "Go value", "struct field", "options.Options", "specs."} {
		if strings.Contains(got.Error(), jargon) {
			t.Errorf("%v says %q", got, jargon)
		}
	}
}

func rawOptions(url string, value []byte) func(*taskv3.CreateTaskRequest) {
	return func(r *taskv3.CreateTaskRequest) { r.Options = &anypb.Any{TypeUrl: url, Value: append(value, 0xff)} }
}

func tomlOptions(body string) func(*taskv3.CreateTaskRequest) {
	return func(r *taskv3.CreateTaskRequest) { r.Options = packed(&generic.Options{ConfigBody: []byte(body)}) }
}

func packed(message any) *anypb.Any {
	a, err := typeurl.MarshalAnyToProto(message)
	if err != nil {
		panic(err)
	}
	return a
}

func typeOf(message any) string { return packed(message).GetTypeUrl() }

// withFile replaces a file of the bundle.
func withFile(name, text string) func(*taskv3.CreateTaskRequest) {
	return func(r *taskv3.CreateTaskRequest) {
		if err := os.WriteFile(filepath.Join(r.Bundle, name), []byte(text), 0o600); err != nil {
			panic(err)
		}
	}
}

// withSpec writes the config.json of a container after spoil has changed it.
func withSpec(spoil func(*specs.Spec)) func(*taskv3.CreateTaskRequest) {
	s := &specs.Spec{
		Root:    &specs.Root{Path: "rootfs"},
		Process: &specs.Process{Args: []string{"/bin/true"}, Cwd: "/"},
		Linux:   &specs.Linux{},
	}
	spoil(s)
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return withFile("config.json", string(text))
}
