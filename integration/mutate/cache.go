package main

// caching: the cache returns only the program of the given profile.
var caching = []mutation{
	{
		"cache-checksum", "a damaged file of the cache is used",
		"seccomp/cache/entry.go", "if sha256.Sum256(file[:len(file)-sha256.Size]) != [sha256.Size]byte(rest) {", "if len(rest) != sha256.Size {",
		in("seccomp/cache", "TestDecodeTruncatedOrFlipped"),
	},
	{
		"cache-key", "a file of the cache is used for another key",
		"seccomp/cache/entry.go", "k != key {", "k != key && len(file) == 0 {",
		in("seccomp/cache", "TestDamagedFileIsDropped"),
	},
	{
		"cache-file-owner", "a file of the cache that others can write to is used",
		"seccomp/cache/disk.go", "case st.Mode&0o7777&^0o600 != 0:", "case st.Mode&0o7000 != 0:",
		in("seccomp/cache", "TestDamagedFileIsDropped"),
	},
	{
		"cache-link", "a symbolic link in place of a file of the cache is followed",
		"seccomp/cache/directory.go", "fd, err = unix.Openat(dir, name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)", "fd, err = unix.Openat(dir, name, flags|unix.O_CLOEXEC, mode)",
		in("seccomp/cache", "TestDamagedFileIsDropped"),
	},
	{
		"cache-folder", "a folder of the cache that others can write to is used",
		"seccomp/cache/directory.go", "if st.Mode&0o077 != 0 {", "if st.Mode&0o007 != 0 {",
		in("seccomp/cache", "TestOpenDiskRefuses"),
	},
	{
		"cache-folder-owner", "a folder of another user is used for the cache",
		"seccomp/cache/directory.go", "if own := os.Geteuid(); int(st.Uid) != own {", "if own := os.Geteuid(); int(st.Uid) < 0 {",
		in("seccomp/cache", "TestOpenDiskRefuses"),
	},
	{
		"key-errno", "profiles that differ in an error number share a program",
		"seccomp/compile/key.go", `optional(h, "errnoRet", rule.ErrnoRet)`, "",
		in("seccomp/compile", "TestKeyCoversEveryField"),
	},
	{
		"key-default-errno", "profiles that differ in the default error number share a program",
		"seccomp/compile/key.go", `optional(h, "defaultErrnoRet", spec.DefaultErrnoRet)`, "",
		in("seccomp/compile", "TestKeyCoversEveryField"),
	},
	{
		"key-value-two", "profiles that differ in a second value share a program",
		"seccomp/compile/key.go", `h.Number("valueTwo", arg.ValueTwo)`, "",
		in("seccomp/compile", "TestKeyCoversEveryField"),
	},
	{
		"key-compiler", "a new version of the shim uses programs of the old version",
		"seccomp/compile/key.go", `h.Text("compiler", f.Compiler)`, "",
		in("seccomp/compile", "TestKeyCoversEveryField"),
	},
	{
		"key-lengths", "the fields of a key are hashed without their lengths",
		"seccomp/cache/key.go", "\th.state.Write(bigEndian(uint64(len(b))))\n", "",
		in("seccomp/cache", "TestHashTellsApart"),
	},
}
