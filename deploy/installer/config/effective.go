package config

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"

	"github.com/pelletier/go-toml/v2"
)

// Effective is the configuration that containerd has made of all its files.
type Effective struct {
	plugin string
	values map[string]any
}

// ParseDump reads the output of `containerd config dump` or `containerd config default`.
func ParseDump(dump []byte, v Version) (*Effective, error) {
	e := &Effective{plugin: v.Plugin()}
	return e, toml.Unmarshal(dump, &e.values)
}

// at returns the value at a path of keys.
func (e *Effective) at(path ...string) any {
	var value any = e.values
	for _, key := range path {
		table, _ := value.(map[string]any) // nil has no keys
		value = table[key]
	}
	return value
}

// Runtime returns a runtime handler, or nil.
func (e *Effective) Runtime(name string) map[string]any {
	runtime, _ := e.at("plugins", e.plugin, "containerd", "runtimes", name).(map[string]any)
	return runtime
}

// RuntimeType returns the runtime type of our handler, and whether there is one.
func (e *Effective) RuntimeType() (string, bool) {
	runtime := e.Runtime(Handler)
	kind, _ := runtime["runtime_type"].(string)
	return kind, runtime != nil
}

// HasHandler reports whether there is our handler, of our runtime type.
func (e *Effective) HasHandler() bool {
	kind, _ := e.RuntimeType()
	return kind == RuntimeType
}

// SystemdCgroup returns the value that runc's handler has. The kubelet's driver agrees
// with it on every node that works: pods of all handlers get their cgroup path from the
// same kubelet.
func (e *Effective) SystemdCgroup() bool {
	name, _ := e.at("plugins", e.plugin, "containerd", "default_runtime_name").(string)
	runtime := e.Runtime(name)
	if kind := runtime["runtime_type"]; kind != "io.containerd.runc.v2" {
		runtime = e.Runtime("runc")
	}
	options, _ := runtime["options"].(map[string]any)
	systemd, _ := options["SystemdCgroup"].(bool)
	return systemd
}

// CRIDisabled returns the entry of disabled_plugins that turns the CRI plugin off, or "".
func (e *Effective) CRIDisabled() string {
	disabled, _ := e.at("disabled_plugins").([]any)
	for _, entry := range disabled {
		switch entry {
		case "cri", "io.containerd.grpc.v1.cri", e.plugin:
			return entry.(string)
		}
	}
	return ""
}

// Address is the socket that containerd serves. Since 2.3 a plugin has it.
func (e *Effective) Address() string {
	for _, where := range [][]string{{"plugins", "io.containerd.server.v1.grpc", "address"}, {"grpc", "address"}} {
		if address, _ := e.at(where...).(string); address != "" {
			return address
		}
	}
	return "/run/containerd/containerd.sock"
}

// lostRuntimes returns the names of the runtimes that e has and after has not.
func (e *Effective) lostRuntimes(after *Effective) []string {
	all, _ := e.at("plugins", e.plugin, "containerd", "runtimes").(map[string]any)
	var lost []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if name != Handler && after.Runtime(name) == nil {
			lost = append(lost, name)
		}
	}
	return lost
}

// Lost returns the settings of e that after does not have, or has with another value.
// What files are imported is no setting, and the handler may change.
func (e *Effective) Lost(after *Effective) []string {
	skip := []string{
		path("imports"),
		path("version"), // `config default` and `config dump` may differ in it
		path("", runtimePath(e.plugin, Handler)...),
	}
	var lost []string
	var compare func(where string, was, is any)
	compare = func(where string, was, is any) {
		table, ok := was.(map[string]any)
		switch {
		case slices.Contains(skip, where), is == nil && isZero(was):
		case ok:
			now, _ := is.(map[string]any)
			for _, key := range slices.Sorted(maps.Keys(table)) {
				compare(path(where, key), table[key], now[key])
			}
		case !reflect.DeepEqual(was, is):
			lost = append(lost, fmt.Sprintf("%s = %v", where, was))
		}
	}
	compare("", e.values, after.values)
	return lost
}

// isZero reports whether a value is what containerd takes where none is written.
func isZero(value any) bool {
	switch value := value.(type) {
	case []any:
		return len(value) == 0
	case map[string]any:
		return len(value) == 0
	}
	return value == "" || value == false || value == int64(0)
}

// Equal reports whether two configurations have the same effect.
func (e *Effective) Equal(other *Effective) bool {
	return len(e.Lost(other))+len(other.Lost(e)) == 0 && reflect.DeepEqual(e.Runtime(Handler), other.Runtime(Handler))
}

// bare is a key that TOML needs no quotes for.
var bare = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// path writes keys as one dotted key. The first may be a dotted key already, or "".
func path(first string, keys ...string) string {
	for _, key := range keys {
		if !bare.MatchString(key) {
			key = strconv.Quote(key)
		}
		if first != "" {
			first += "."
		}
		first += key
	}
	return first
}
