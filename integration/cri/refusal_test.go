package cri

import (
	"strings"
	"testing"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// The error that the kubelet shows names the mistake in a profile, by the file or by
// the field and the value, and no container runs.
func TestBadProfileIsRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact        string
		profile     *cri.SecurityProfile
		annotations map[string]string
		says        []string
	}{
		// containerd reads these files itself.
		{"a missing file", localhost("profiles/missing.json"), nil,
			[]string{"create:", seccompRoot + "/profiles/missing.json", "no such file"}},
		{"not JSON", localhost("profiles/no.json"), nil,
			[]string{"create:", seccompRoot + "/profiles/no.json", "invalid character"}},
		{"an action that is none", localhost("profiles/misspelt.json"), nil,
			[]string{"start:", "linux.seccomp", "syscalls[0].action", "SCMP_ACT_DENY"}},
		{"a profile without execve", localhost("profiles/violation.json"), nil,
			[]string{"start:", "seccomp", "execve"}},
		// The shim reads these files.
		{"an annotation of a missing file", nil, map[string]string{alphaPod: "localhost/profiles/missing.json"},
			[]string{"start:", alphaPod, seccompRoot + "/profiles/missing.json", "no such file"}},
		{"an annotation of what is not JSON", nil, map[string]string{ownAnnotation: "Localhost/profiles/no.json"},
			[]string{"start:", ownAnnotation, "profiles/no.json", "invalid character"}},
		{"an annotation of an action that is none", nil, map[string]string{ownAnnotation: "Localhost/profiles/misspelt.json"},
			[]string{"start:", ownAnnotation, "profiles/misspelt.json", "syscalls[0].action", "SCMP_ACT_DENY"}},
		{"a word that is none", nil, map[string]string{alphaContainerPrefix + "c": "runtime/defualt"},
			[]string{"start:", alphaContainerPrefix + "c", "runtime/defualt"}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			config := newPodConfig(t)
			config.Annotations = row.annotations
			p := runPod(t, config)
			c, err := p.tryStart(t, under("c", row.profile, probes...))
			mustSay(t, err, row.says)
			if c == nil {
				return
			}
			if got := c.status(t); got.State != cri.ContainerState_CONTAINER_EXITED || got.ExitCode == 0 {
				t.Errorf("its status is %v", got)
			}
		})
	}
}

// The sandbox is refused already, because it has the annotation too.
func TestBadAnnotationIsRefused(t *testing.T) {
	t.Parallel()
	config := newPodConfig(t)
	config.Annotations[alphaPod] = "localhost/../../secret.json"
	_, err := tryPod(t, handler, config)
	mustSay(t, err, []string{alphaPod, "localhost/../../secret.json", "must lead down from the profile root"})
}

// The handler's patterns let a key with a small mistake reach the shim, which refuses
// the pod. Without the patterns the pod would run unconfined.
func TestMisspeltAnnotationIsRefused(t *testing.T) {
	t.Parallel()
	for key, says := range map[string]string{
		"io.containerd.seccomp.v1/Profile":                   `did you mean "` + ownAnnotation + `"?`,
		"io.containerd.seccomp.v1.profile":                   `did you mean "` + ownAnnotation + `"?`,
		"io.containerd.seccomp/profile":                      `did you mean "` + ownAnnotation + `"?`,
		"seccomp.security.alpha.kubernetes.io/Pod":           `did you mean "` + alphaPod + `"?`,
		"container.seccomp.security.alpha.kubernetes.io/Web": `"Web" cannot be the name of a pod's container`,
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			config := newPodConfig(t)
			config.Annotations[key] = "RuntimeDefault"
			_, err := tryPod(t, handler, config)
			mustSay(t, err, []string{`annotation "` + key + `": "RuntimeDefault"`, says})
		})
	}
}

// A mistake in a handler's options is named by its key and value.
func TestBadHandlerIsRefused(t *testing.T) {
	t.Parallel()
	needOptions(t)
	_, err := tryPod(t, misspelt, newPodConfig(t))
	mustSay(t, err, []string{"runtime handler", "containerd's configuration", `unknown option "profile_rot"`})

	p, err := tryPod(t, nowhere, newPodConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.tryStart(t, under("c", nil, probes...))
	mustSay(t, err, []string{"start:", "unset_profile", "Localhost/profiles/audit.json", profileRootNowhere, "no such file"})
	p.hold(t, under("named", localhost(denyPgid), probes...)).mustShow(t, isDenyPgid)
}

func mustSay(t *testing.T, err error, words []string) {
	t.Helper()
	if err == nil {
		t.Fatal("it is not refused")
	}
	t.Log(err)
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("no %q in: %v", word, err)
		}
	}
}
