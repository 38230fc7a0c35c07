package kubernetes

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const (
	// chaosEnv is how long TestChaos runs; its default is defaultChaos. From longChaos on it
	// has more pods, and runs a second time with runc's shim.
	chaosEnv     = "CHAOS"
	defaultChaos = time.Minute
	longChaos    = 10 * time.Minute

	fewProbed, manyProbed, eachSecond = 12, 60, 20
	// down is how long a killed containerd or kubelet is away. The containers that end
	// meanwhile look for their signal more often.
	down = time.Second
	// maxGrowth is in KiB. A shim's heap grows to 4 MiB before the first collection.
	maxGrowth = 4096

	// runcHandler is the handler that containerd has for runc's shim.
	runcHandler = "runc"
)

// strikes are what happens to the node, evenly spread over the time.
var strikes = []struct {
	name         string
	do           func(t *testing.T, release func()) error
	resetsProbes bool // the kubelet's metrics begin at 0
}{
	{name: "containerd restarts", do: restartContainerd},
	{name: "containerd restarts", do: restartContainerd},
	{name: "containerd is killed", do: killContainerd},
	{name: "containerd restarts", do: restartContainerd},
	{name: "the kubelet restarts", do: restartKubelet, resetsProbes: true},
	{name: "containerd restarts", do: restartContainerd},
	{name: "containerd is killed", do: killContainerd},
	{name: "containerd restarts", do: restartContainerd},
}

// While it stops, containerd can delete a container's task and end before it has stored the
// exit code, with every shim. So the containers end after that.
func restartContainerd(t *testing.T, release func()) error {
	k8s.node.Halt()
	release()
	time.Sleep(down)
	return k8s.node.Restart(t.Context())
}

func killContainerd(t *testing.T, release func()) error {
	k8s.node.Kill()
	release()
	time.Sleep(down)
	return k8s.node.Restart(t.Context())
}

func restartKubelet(_ *testing.T, release func()) error {
	if err := k8s.kubelet.stop(); err != nil {
		return err
	}
	release()
	time.Sleep(down)
	return k8s.startKubelet()
}

// Pods with exec probes go on while containerd and the kubelet are restarted and killed: none
// is restarted, containers that end meanwhile have the right exit code, the shims' memory
// stays the same, and nothing is left of them. One failed probe would restart its container;
// a probe without an answer, from a containerd that is down, is not a failure.
//
// With runc's shim the same things are looked at, and only reported.
func TestChaos(t *testing.T) {
	prepareNode(t)
	length, pods, handlers := defaultChaos, fewProbed, []string{"seccomp"}
	if text := os.Getenv(chaosEnv); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatalf("%s: %v", chaosEnv, err)
		}
	}
	if length >= longChaos {
		pods, handlers = manyProbed, append(handlers, runcHandler)
	}
	for _, handler := range handlers {
		t.Run(handler, func(t *testing.T) {
			fault := t.Errorf
			if handler == runcHandler {
				createRuntimeClass(t, handler)
				addRunc(t)
				fault = t.Logf
			}
			playChaos(t, handler, pods, length, fault)
		})
	}
}

// playChaos reports what is wrong by fault.
func playChaos(t *testing.T, handler string, pods int, length time.Duration, fault func(string, ...any)) {
	signals := filepath.Join("/run", "chaos-"+handler)
	if err := os.Mkdir(signals, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Run("life", func(t *testing.T) { // the pods end with the subtest
		startPods(t, probedPods(handler, pods))
		awaitLabelled(t, "chaos=probed")
		before := probedStates(t)
		if len(before) != pods {
			t.Fatalf("%d pods are ready: %v", len(before), before)
		}
		begin, first, half := time.Now(), sampleShims(t, k8s.node), shimSample{}
		probes := probeCount{}.minus(countProbes(t))
		for i, strike := range strikes {
			time.Sleep(time.Until(begin.Add(length * time.Duration(i+1) / time.Duration(len(strikes)+1))))
			codes := startEnding(t, handler, signals, i)
			if i == len(strikes)/2 {
				half = sampleShims(t, k8s.node)
			}
			if strike.resetsProbes {
				probes = probes.plus(countProbes(t))
			}
			if err := strike.do(t, func() { releaseEnding(t, signals, i) }); err != nil {
				t.Fatalf("%s: %v", strike.name, err)
			}
			awaitCodes(t, codes, fault)
			t.Logf("%v: %s", time.Since(begin).Round(time.Second), strike.name)
		}
		time.Sleep(time.Until(begin.Add(length)))
		took, last := time.Since(begin), sampleShims(t, k8s.node)
		probes = probes.plus(countProbes(t))
		for name, state := range probedStates(t) {
			if state != before[name] {
				fault("%s was %s, and is %s", name, before[name], state)
			}
		}
		t.Logf("%d shims, %v: %v, %.1f a second", len(first), took.Round(time.Second), probes, float64(probes.successful)/took.Seconds())
		if probes.successful == 0 || probes.failed > 0 {
			fault("probes: %v", probes)
		}
		t.Logf("a shim at the beginning, after half of the time, at the end: %v, %v, %v", first, half.of(first), last.of(first))
		if grown := last.of(first).growth(first); grown > maxGrowth {
			fault("a shim has grown by %d KiB", grown)
		}
	})
	if err := awaitNoPodCgroups(); err != nil {
		fault("%v", err)
	}
	var left []string
	for range 10 { // containers of deleted pods end a moment later
		if left = k8s.node.AwaitGone(""); len(left) == 0 {
			break
		}
	}
	if len(left) > 0 {
		fault("left behind: %q", left)
	}
}

// addRunc restarts containerd with runc's shim and runc in its PATH until the test ends. The
// handler's runtime_path would not do: containerd 2.4 saves it only for a pod's sandbox, and
// loses the pod's other containers when it is restarted.
func addRunc(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"containerd-shim-runc-v2", "runc"} {
		if err := os.Symlink(fromRoot("build/bench", name), filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	restart := func() {
		if err := k8s.node.Restart(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(restart) // after PATH is as before
	t.Setenv("PATH", os.Getenv("PATH")+":"+folder)
	restart()
}
