package cri

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"seccomp-shim/integration/steps"
	"seccomp-shim/integration/testbed"
	"seccomp-shim/seccomp/installed"
)

// denyPgid is a profile of the tests. Its errno differs from those of the others.
const denyPgid = "profiles/deny-getpgid.json"

// writeProfiles writes the profiles to the kubelet's folder.
func writeProfiles() error {
	profiles := filepath.Join(seccompRoot, "profiles")
	if err := os.CopyFS(profiles, os.DirFS(filepath.Join(testbed.ModuleRoot(), "integration/testdata/profiles"))); err != nil {
		return err
	}
	for name, text := range map[string]string{
		denyPgid: `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_AARCH64"],
			"syscalls":[{"names":["getpgid"],"action":"SCMP_ACT_ERRNO","errnoRet":33}]}`, // EDOM
		"profiles/no.json": `{"defaultAction": SCMP_ACT_ALLOW}`,
		"profiles/misspelt.json": `{"defaultAction":"SCMP_ACT_ALLOW",
			"syscalls":[{"names":["getpgid"],"action":"SCMP_ACT_DENY"}]}`,
	} {
		if err := os.WriteFile(filepath.Join(seccompRoot, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func runtimeDefault() *cri.SecurityProfile {
	return &cri.SecurityProfile{ProfileType: cri.SecurityProfile_RuntimeDefault}
}

func unconfined() *cri.SecurityProfile {
	return &cri.SecurityProfile{ProfileType: cri.SecurityProfile_Unconfined}
}

// localhost names a file as the kubelet does: by its absolute path.
func localhost(path string) *cri.SecurityProfile {
	return &cri.SecurityProfile{ProfileType: cri.SecurityProfile_Localhost, LocalhostRef: filepath.Join(seccompRoot, path)}
}

// behaviour is the wanted result of each probe under a profile.
type behaviour struct {
	name    string
	filters int
	answers map[string]string
	unset   string // the handler's option, if it decides
}

var (
	// 0 asks for the id of a keyring; -3 is the session's.
	keyctl  = steps.Call("keyctl", 0, 1<<64-3, 0)
	getpgid = steps.Call("getpgid", 0)
	probes  = []string{"status", keyctl, getpgid}

	isDefault    = behaviour{"RuntimeDefault", 1, map[string]string{"Seccomp": "2", keyctl: "EPERM", getpgid: "ok"}, ""}
	isDefaulted  = behaviour{"RuntimeDefault", 1, isDefault.answers, "RuntimeDefault"}
	isDenyPgid   = behaviour{denyPgid, 1, map[string]string{"Seccomp": "2", keyctl: "ok", getpgid: "EDOM"}, ""}
	isUnconfined = behaviour{"no profile", 0, map[string]string{"Seccomp": "0", keyctl: "ok", getpgid: "ok"}, ""}
)

// mustShow checks the results of the probes in the container's init, which has already
// made them, and in an exec'd process. It compares the programs of both with the
// profile in the OCI spec.
func (c *container) mustShow(t *testing.T, want behaviour) {
	t.Helper()
	mustAnswer(t, "init", c.output(t, "stdout"), want)
	got := c.exec(t, steps.Args(probes...)...)
	mustAnswer(t, "an exec", string(got.Stdout), want)
	if got.ExitCode != 0 {
		t.Errorf("an exec ended with %d: %s", got.ExitCode, got.Stderr)
	}
	c.mustBeInstalled(t, want)
}

func mustAnswer(t *testing.T, who, stdout string, want behaviour) {
	t.Helper()
	got := steps.Answers(stdout)
	for step, answer := range want.answers {
		if got[step] != answer {
			t.Errorf("%s under %s: %s: got %q, want %q", who, want.name, step, got[step], answer)
		}
	}
}

// mustBeInstalled reads the programs of init from the kernel, and proves that one
// decides as the profile of the OCI spec says.
func (c *container) mustBeInstalled(t *testing.T, want behaviour) {
	t.Helper()
	filters := programsOf(t, c.pid(t))
	if len(filters) != want.filters {
		t.Errorf("init has %d programs, not %d", len(filters), want.filters)
	}
	if want.filters == 0 {
		return
	}
	spec := filepath.Join(node.Dir(), "state/io.containerd.runtime.v2.task", testbed.PodNamespace, c.id, "config.json")
	tool := exec.Command(filepath.Join(testbed.BinDir(), "seccompctl"), "inspect",
		"--pid", strconv.Itoa(c.pid(t)), "--spec", spec, "--unset-profile", want.unset)
	if out, err := tool.CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", tool.Args, err, out)
	}
}

// programsOf reads the programs of a process from the kernel.
func programsOf(t *testing.T, pid int) []installed.LoadedFilter {
	t.Helper()
	filters, err := installed.Filters(pid)
	if errors.Is(err, installed.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return filters
}

// Each way to name a profile, and none.
func TestProfiles(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact       string
		profile    *cri.SecurityProfile
		privileged bool
		want       behaviour
	}{
		{"RuntimeDefault", runtimeDefault(), false, isDefault},
		{"Localhost", localhost(denyPgid), false, isDenyPgid},
		{"Unconfined", unconfined(), false, isUnconfined},
		{"unset", nil, false, isUnconfined},
		// containerd's CRI plugin drops the profile of a privileged container.
		{"privileged", runtimeDefault(), true, isUnconfined},
		{"privileged with a Localhost profile", localhost(denyPgid), true, isUnconfined},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			config := newPodConfig(t)
			config.Linux.SecurityContext.Privileged = row.privileged
			c := under("c", row.profile, probes...)
			c.Linux.SecurityContext.Privileged = row.privileged
			runPod(t, config).hold(t, c).mustShow(t, row.want)
		})
	}
}

// The handler's option applies if the pod names no profile.
func TestUnsetProfile(t *testing.T) {
	t.Parallel()
	for _, handler := range []string{defaulted, byFile} {
		t.Run(handler, func(t *testing.T) {
			t.Parallel()
			if handler == defaulted {
				needOptions(t)
			}
			p, err := tryPod(t, handler, newPodConfig(t))
			if err != nil {
				t.Fatal(err)
			}
			p.hold(t, under("unset", nil, probes...)).mustShow(t, isDefaulted)
			p.hold(t, under("unconfined", unconfined(), probes...)).mustShow(t, isDefaulted)
			p.hold(t, under("named", localhost(denyPgid), probes...)).mustShow(t, isDenyPgid)
		})
	}
}

// needOptions skips a test of options in containerd's configuration.
func needOptions(t *testing.T) {
	t.Helper()
	needNode(t)
	if !node.CRIPassesOptions() {
		t.Skipf("containerd %s passes only the path of a file with options", node.Version())
	}
}

// A pod that Kubernetes' restricted policy admits: another user, no privileges
// and no way to them, a root file system to read.
func TestRestrictedPod(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		profile *cri.SecurityProfile
		want    behaviour
	}{{runtimeDefault(), isDefault}, {localhost(denyPgid), isDenyPgid}} {
		t.Run(row.want.name, func(t *testing.T) {
			t.Parallel()
			c := under("c", row.profile, probes...)
			s := c.Linux.SecurityContext
			s.RunAsUser, s.NoNewPrivs, s.ReadonlyRootfs = &cri.Int64Value{Value: 65534}, true, true
			s.Capabilities = &cri.Capability{DropCapabilities: []string{"ALL"}}
			held := runPod(t, newPodConfig(t)).hold(t, c)
			held.mustShow(t, row.want)
			got := held.exec(t, "/bin/sh", "-c", `busybox id -u; grep -E "^(CapBnd|NoNewPrivs):" /proc/self/status; >/new || echo no`)
			if string(got.Stdout) != "65534\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\nno\n" {
				t.Errorf("got %q, %s", got.Stdout, got.Stderr)
			}
		})
	}
}
