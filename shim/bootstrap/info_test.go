package bootstrap

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/containerd/api/types"
	runc "github.com/containerd/containerd/api/types/runc/options"
	generic "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	"github.com/containerd/typeurl/v2"
	"github.com/opencontainers/runtime-spec/specs-go/features"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// The features have everything that containerd and the kubelet look for.
func TestInfoHasFeatures(t *testing.T) {
	info, err := Manager{}.Info(t.Context(), bytes.NewReader(nil))
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := typeurl.UnmarshalAny(info.GetFeatures())
	if err != nil {
		t.Fatal(err)
	}
	f, ok := decoded.(*features.Features)
	if !ok {
		t.Fatalf("features are a %T", decoded)
	}
	for fact, holds := range map[string]bool{
		"recursive read-only mounts":      slices.Contains(f.MountOptions, "rro"),
		"user namespaces":                 slices.Contains(f.Linux.Namespaces, "user"),
		"idmapped mounts":                 *f.Linux.MountExtensions.IDMap.Enabled,
		"seccomp":                         *f.Linux.Seccomp.Enabled,
		"the native architecture":         len(f.Linux.Seccomp.Archs) > 0,
		"libseccomp's version":            strings.Count(f.Annotations[libseccompAnnotation], ".") == 2,
		"annotations that name a profile": slices.Contains(f.PotentiallyUnsafeConfigAnnotations, "io.containerd.seccomp.v1/profile"),
	} {
		if !holds {
			t.Errorf("missing: %s: %+v", fact, f)
		}
	}
}

// The features say how the handler observes its containers.
func TestInfoHasTheMode(t *testing.T) {
	for body, want := range map[string]string{`observe = "trial"`: "trial", `observe = "record"`: "record", `observe = "denials"`: "denials", ``: ""} {
		info, err := Manager{}.Info(t.Context(), bytes.NewReader(encode(t, packed(t, &generic.Options{ConfigBody: []byte(body)}))))
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := typeurl.UnmarshalAny(info.GetFeatures())
		if err != nil {
			t.Fatal(err)
		}
		got, found := decoded.(*features.Features).Annotations[observeAnnotation]
		if got != want || found != (want != "") {
			t.Errorf("%s: %q, %v", body, got, found)
		}
	}
}

func TestInfoLooksAtOptions(t *testing.T) {
	for _, row := range []struct {
		fact    string
		options proto.Message
		err     string
	}{
		{"the answer has the options", packed(t, &generic.Options{ConfigBody: []byte(`unset_profile = "RuntimeDefault"`)}), ""},
		{"runc's too", packed(t, &runc.Options{SystemdCgroup: true}), ""},
		{"an unknown option is an error", packed(t, &generic.Options{ConfigBody: []byte(`misspelt = 1`)}), `unknown option "misspelt"`},
		{"an unknown type is an error", packed(t, &types.RuntimeVersion{Version: "1"}), `type "containerd.types.RuntimeVersion" is not known`},
	} {
		info, err := Manager{}.Info(t.Context(), bytes.NewReader(encode(t, row.options)))
		if row.err != "" {
			if err == nil || !strings.Contains(err.Error(), row.err) {
				t.Errorf("%s: %v", row.fact, err)
			}
			continue
		}
		if err != nil || !proto.Equal(info.GetOptions(), row.options.(*anypb.Any)) {
			t.Errorf("%s: %v, %v", row.fact, info.GetOptions(), err)
		}
	}
}
