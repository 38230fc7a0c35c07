package syscalls

import "github.com/opencontainers/runtime-spec/specs-go"

// Linux is the version of the kernel that [table] was compared with.
const Linux = "7.2"

// table has the syscalls in the order of their numbers. The number on an ABI is this one
// plus [Base], if the ABI [has] the syscall.
var table = []syscall{
	// Below the common numbers: added to one architecture after libseccomp 2.5.0.
	{258, "riscv_hwprobe"},
	{335, "uretprobe"},
	{336, "uprobe"},
	{356, "cacheflush"},

	// The same number on all architectures.
	{424, "pidfd_send_signal"},
	{425, "io_uring_setup"},
	{426, "io_uring_enter"},
	{427, "io_uring_register"},
	{428, "open_tree"},
	{429, "move_mount"},
	{430, "fsopen"},
	{431, "fsconfig"},
	{432, "fsmount"},
	{433, "fspick"},
	{434, "pidfd_open"},
	{435, "clone3"},
	{436, "close_range"},
	{437, "openat2"},
	{438, "pidfd_getfd"},
	{439, "faccessat2"},
	{440, "process_madvise"},
	{441, "epoll_pwait2"},
	{442, "mount_setattr"},
	{443, "quotactl_fd"},
	{444, "landlock_create_ruleset"},
	{445, "landlock_add_rule"},
	{446, "landlock_restrict_self"},
	{447, "memfd_secret"},
	{448, "process_mrelease"},
	{449, "futex_waitv"},
	{450, "set_mempolicy_home_node"},
	{451, "cachestat"},
	{452, "fchmodat2"},
	{453, "map_shadow_stack"},
	{454, "futex_wake"},
	{455, "futex_wait"},
	{456, "futex_requeue"},
	{457, "statmount"},
	{458, "listmount"},
	{459, "lsm_get_self_attr"},
	{460, "lsm_set_self_attr"},
	{461, "lsm_list_modules"},
	{462, "mseal"},
	{463, "setxattrat"},
	{464, "getxattrat"},
	{465, "listxattrat"},
	{466, "removexattrat"},
	{467, "open_tree_attr"},
	{468, "file_getattr"},
	{469, "file_setattr"},
	{470, "listns"},
	{471, "rseq_slice_yield"},
}

// has reports whether an ABI has a syscall of the table.
func has(abi specs.Arch, name string) bool {
	switch name {
	case "riscv_hwprobe":
		return abi == specs.ArchRISCV64
	case "uretprobe", "uprobe":
		return abi == specs.ArchX86_64 || abi == specs.ArchX32
	case "cacheflush":
		return abi == specs.ArchPARISC || abi == specs.ArchPARISC64
	case "clone3":
		return abi != specs.ArchSH && abi != specs.ArchSHEB
	case "memfd_secret": // the others keep the number free
		switch abi {
		case specs.ArchX86, specs.ArchX86_64, specs.ArchX32, specs.ArchAARCH64, specs.ArchRISCV64, specs.ArchLOONGARCH64,
			specs.ArchS390, specs.ArchS390X:
			return true
		}
		return false
	case "listns", "rseq_slice_yield": // kernels that have them run no 31-bit programs
		return abi != specs.ArchS390
	}
	return true
}
