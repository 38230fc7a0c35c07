package kubernetes

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"
)

// probeCount counts the results of probes. The kubelet does not count one that containerd has
// not answered.
type probeCount struct{ successful, failed int }

func (c probeCount) plus(d probeCount) probeCount {
	return probeCount{c.successful + d.successful, c.failed + d.failed}
}

func (c probeCount) minus(d probeCount) probeCount {
	return c.plus(probeCount{-d.successful, -d.failed})
}

func (c probeCount) String() string {
	return fmt.Sprintf("%d probes succeeded, %d failed", c.successful, c.failed)
}

var probeTotal = regexp.MustCompile(`(?m)^prober_probe_total\{.*\bpod="probed-\d+".*\bresult="(\w+)".*\} (\S+)$`)

// countProbes reads the kubelet's metrics of the probed pods. They begin at 0 in each kubelet.
func countProbes(t *testing.T) (count probeCount) {
	t.Helper()
	metrics := kubectl(t, "get", "--raw", "/api/v1/nodes/"+nodeName+"/proxy/metrics/probes")
	for _, found := range probeTotal.FindAllStringSubmatch(metrics, -1) {
		number, err := strconv.ParseFloat(found[2], 64)
		if err != nil {
			t.Fatalf("%s: %v", found[0], err)
		}
		if found[1] == "successful" {
			count.successful += int(number)
		} else {
			count.failed += int(number)
		}
	}
	return count
}
