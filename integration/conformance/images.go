package main

import (
	"io/fs"
	"maps"

	"seccomp-shim/integration/testbed"
)

// registries are the hosts of the suite's images.
var registries = []string{"ghcr.io", "registry.k8s.io"}

// byDigest is the image that the suite also names by its digest. Only the original has
// that digest: see buildSuite.
const byDigest = "containerd/busybox:1.36"

// suiteImages makes the images that the suite names, from the machine's busybox, with
// the files that the tests need.
func suiteImages() (*store, error) {
	busybox, err := busyboxFiles()
	if err != nil {
		return nil, err
	}
	text := func(s string) testbed.File { return testbed.File{Content: []byte(s), Mode: 0o644} }
	folder := testbed.File{Mode: 0o755 | fs.ModeDir}
	images := newStore()
	for name, layers := range map[string][]map[string]testbed.File{
		byDigest:                         {busybox},
		"e2e-test-images/busybox:1.29-2": {busybox, {"/other": text("than the busybox above\n")}},
		"pause:3.10.2":                   {{"/pause": text("only pulled\n")}},
		"pause:3.6":                      {{"/pause": text("only pulled too\n")}},
		"containerd/volume-copy-up:2.2": {
			busybox,
			{"/test_dir/test_file": text("test_content\n")},
			{"/C:/weird_test_dir/weird_test_file": text("test_content\n")},
			{"/:colon_prefixed/colon_prefixed_file": text("test_content\n")},
		},
		// The original is made from Ubuntu. It has a bash, this program, and folders to
		// mount on, because the root of some tests is read-only.
		"containerd/volume-ownership:2.1": {busybox, {
			"/bin/bash":       {Content: []byte("#!/bin/sh\nexec sh \"$@\"\n"), Mode: 0o755},
			"/usr/bin/passwd": {Mode: 0o755 | fs.ModeSetuid},
			"/test_dir":       folder,
			"/proc":           folder,
			"/sys":            folder,
			"/dev":            folder,
			"/run":            folder,
		}},
	} {
		if err := images.add(name, layers...); err != nil {
			return nil, err
		}
	}
	return images, nil
}

// busyboxFiles returns busybox's root file system with the users that the tests name.
func busyboxFiles() (map[string]testbed.File, error) {
	files, err := testbed.Busybox()
	if err != nil {
		return nil, err
	}
	maps.Copy(files, map[string]testbed.File{
		"/root":      {Mode: 0o700 | fs.ModeDir},
		"/etc/group": {Mode: 0o644, Content: []byte("root:x:0:\ndaemon:x:1:\nsys:x:3:\nwww-data:x:33:\nbackup:x:34:\nnobody:x:65534:\n")},
		"/etc/passwd": {Mode: 0o644, Content: []byte(`root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
backup:x:34:34:backup:/var/backups:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
`)},
		// busybox's full nc, which Debian's busybox lacks, exits on SIGTERM, also as
		// pid 1, for which the kernel drops signals without a handler.
		"/bin/nc": {Mode: 0o755, Content: []byte("#!/bin/sh\ntrap 'exit 143' TERM\nbusybox nc \"$@\" &\nwait $!\n")},
	})
	return files, nil
}
