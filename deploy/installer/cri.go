package installer

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"seccomp-shim/deploy/installer/config"
)

const (
	serveTime = 20 * time.Second
	// k3s and RKE2 start before their containerd.
	rancherServeTime = time.Minute
	// The old containerd may answer once more during its restart.
	settleTime = 3 * time.Second
	pollTime   = 200 * time.Millisecond
	callTime   = 10 * time.Second
)

// errNoHandler says that the CRI plugin answers, but its handlers are not the wanted
// ones.
var errNoHandler = errors.New("the CRI plugin answers, without the handler")

// awaitCRI waits until containerd's CRI plugin answers, and until it has the handler,
// or has it no more, as wanted says.
func awaitCRI(socket string, wanted bool, serve time.Duration) error {
	start := time.Now()
	for ; ; time.Sleep(pollTime) {
		names, err := runtimeHandlers(socket)
		limit := serve
		switch {
		case errors.Is(err, errUnimplemented):
			limit = settleTime
		case err == nil && (!wanted || slices.Contains(names, config.Handler)):
			return nil
		case err == nil:
			err, limit = fmt.Errorf("%w: it has %q", errNoHandler, names), settleTime
		}
		if time.Since(start) > limit {
			return err
		}
	}
}

// runtimeHandlers asks the CRI plugin for the names of its runtime handlers.
func runtimeHandlers(socket string) ([]string, error) {
	conn, err := net.DialTimeout("unix", socket, callTime)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(callTime)); err != nil {
		return nil, err
	}
	// StatusRequest{verbose: true}: before 2.0 only the verbose answer lists the
	// handlers.
	request := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 1)
	answer, err := call(conn, "/runtime.v1.RuntimeService/Status", request)
	if err != nil {
		return nil, fmt.Errorf("CRI Status: %w", err)
	}
	return handlersOf(answer)
}

// handlersOf reads runtime.v1.StatusResponse. Since containerd 2.0 it has a list of
// handlers; if verbose, it always has the plugin's configuration as JSON.
func handlersOf(status []byte) ([]string, error) {
	var names []string
	err := eachField(status, func(number protowire.Number, value []byte) error {
		const info, runtimeHandlers = 2, 3
		var first, second string
		switch number {
		case info, runtimeHandlers:
			if err := eachField(value, func(number protowire.Number, value []byte) error {
				switch number {
				case 1:
					first = string(value)
				case 2:
					second = string(value)
				}
				return nil
			}); err != nil {
				return err
			}
		}
		switch {
		case number == runtimeHandlers:
			names = append(names, first)
		case number == info && first == "config":
			var plugin struct {
				Containerd struct {
					Runtimes map[string]json.RawMessage `json:"runtimes"`
				} `json:"containerd"`
			}
			if err := json.Unmarshal([]byte(second), &plugin); err != nil {
				return fmt.Errorf("CRI Status: info: config: %w", err)
			}
			for name := range plugin.Containerd.Runtimes {
				names = append(names, name)
			}
		}
		return nil
	})
	slices.Sort(names)
	return slices.Compact(names), err
}

// eachField calls do for each length-delimited field of a message, and skips all
// others.
func eachField(message []byte, do func(protowire.Number, []byte) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		size := protowire.ConsumeFieldValue(number, kind, message)
		if size < 0 {
			return protowire.ParseError(size)
		}
		if kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(message) // as above
			if err := do(number, value); err != nil {
				return err
			}
		}
		message = message[size:]
	}
	return nil
}
