package seccomptest

import (
	"fmt"
	"strings"
)

// Rules returns the profile with these entries, each a list of names, an action
// and conditions, such as "read,write ERRNO 0 EQ 1".
func Rules(start string, entries ...string) string {
	var texts []string
	for _, entry := range entries {
		fields := strings.Fields(entry)
		var args []string
		for f := fields[2:]; len(f) > 0; f = f[3:] {
			value, two, _ := strings.Cut(f[2], "/")
			if two == "" {
				two = "0"
			}
			args = append(args, fmt.Sprintf(`{"index":%s,"op":"SCMP_CMP_%s","value":%s,"valueTwo":%s}`, f[0], f[1], value, two))
		}
		texts = append(texts, fmt.Sprintf(`{"names":["%s"],"action":"SCMP_ACT_%s","args":[%s]}`,
			strings.ReplaceAll(fields[0], ",", `","`), fields[1], strings.Join(args, ",")))
	}
	return start + `,"syscalls":[` + strings.Join(texts, ",") + `]`
}
