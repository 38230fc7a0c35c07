package page

import "strings"

// groups are the syscalls by what they are about, in the order of the page. A name without
// its ending for 16, 32 or 64 bits counts for the forms with one.
var groups = []struct{ name, syscalls string }{
	{"Files", "_llseek access arm_sync_file_range cachestat chdir chroot close close_range copy_file_range creat dup dup2 " +
		"dup3 faccessat faccessat2 fadvise fallocate fchdir fcntl fdatasync file_getattr file_setattr flock fstat " +
		"fstatat fstatfs fsync ftruncate futimesat getcwd getdents ioctl link linkat lseek lstat mkdir mkdirat mknod " +
		"mknodat name_to_handle_at newfstatat oldfstat oldlstat oldstat open open_by_handle_at openat openat2 pread " +
		"preadv preadv2 pwrite pwritev pwritev2 read readahead readdir readlink readlinkat readv rename renameat " +
		"renameat2 rmdir sendfile splice stat statfs statx symlink symlinkat sync sync_file_range sync_file_range2 " +
		"syncfs tee truncate umask unlink unlinkat ustat utime utimensat utimes vmsplice write writev "},
	{"Attributes and owners", "chmod chown fchmod fchmodat fchmodat2 fchown fchownat fgetxattr flistxattr fremovexattr fsetxattr getxattr " +
		"getxattrat lchown lgetxattr listxattr listxattrat llistxattr lremovexattr lsetxattr quotactl quotactl_fd " +
		"removexattr removexattrat setxattr setxattrat "},
	{"Waiting for files", "_newselect epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait " +
		"epoll_wait_old eventfd eventfd2 fanotify_init fanotify_mark inotify_add_watch inotify_init inotify_init1 " +
		"inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit io_uring_enter " +
		"io_uring_register io_uring_setup poll ppoll pselect6 select signalfd signalfd4 userfaultfd "},
	{"Network", "accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmsg send " +
		"sendmmsg sendmsg sendto setdomainname sethostname setsockopt shutdown socket socketcall socketpair "},
	{"Processes and threads", "arch_prctl arm_fadvise64_64 capget capset clone clone3 execve execveat exit exit_group fork get_robust_list " +
		"get_thread_area get_tls getcpu getegid geteuid getgid getgroups getpgid getpgrp getpid getppid getpriority " +
		"getresgid getresuid getrlimit getrusage getsid gettid getuid ioprio_get ioprio_set kcmp membarrier " +
		"modify_ldt nice personality pidfd_open pipe pipe2 prctl prlimit rseq rseq_slice_yield sched_get_priority_max " +
		"sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler " +
		"sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield " +
		"set_robust_list set_thread_area set_tid_address set_tls setfsgid setfsuid setgid setgroups setns setpgid " +
		"setpriority setregid setresgid setresuid setreuid setrlimit setsid setuid times ugetrlimit ulimit unshare " +
		"vfork wait4 waitid waitpid "},
	{"Signals", "alarm kill pause pidfd_send_signal restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo " +
		"rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sgetmask sigaction sigaltstack signal " +
		"sigpending sigprocmask sigreturn sigsuspend ssetmask tgkill tkill "},
	{"Memory", "brk cacheflush get_mempolicy madvise map_shadow_stack mbind memfd_create memfd_secret migrate_pages mincore " +
		"mlock mlock2 mlockall mmap mmap2 move_pages mprotect mremap mseal msync munlock munlockall munmap pkey_alloc " +
		"pkey_free pkey_mprotect process_madvise process_mrelease remap_file_pages set_mempolicy " +
		"set_mempolicy_home_node swapoff swapon "},
	{"Between processes", "futex futex_requeue futex_wait futex_waitv futex_wake ipc mq_getsetattr mq_notify mq_open mq_timedreceive " +
		"mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd pidfd_getfd process_vm_readv process_vm_writev ptrace " +
		"semctl semget semop semtimedop shmat shmctl shmdt shmget "},
	{"Time", "adjtimex clock_adjtime clock_getres clock_gettime clock_nanosleep clock_settime ftime getitimer gettimeofday " +
		"nanosleep setitimer settimeofday stime time timer_create timer_delete timer_getoverrun timer_gettime " +
		"timer_settime timerfd_create timerfd_gettime timerfd_settime "},
	{"Mounts and namespaces", "fsconfig fsmount fsopen fspick listmount listns mount mount_setattr move_mount open_tree open_tree_attr " +
		"pivot_root statmount umount umount2 "},
	{"Keys and security", "add_key keyctl landlock_add_rule landlock_create_ruleset landlock_restrict_self lsm_get_self_attr " +
		"lsm_list_modules lsm_set_self_attr request_key seccomp "},
	{"Kernel and machine", "_sysctl acct bpf breakpoint create_module delete_module finit_module get_kernel_syms getrandom init_module " +
		"ioperm iopl kexec_file_load kexec_load lookup_dcookie nfsservctl oldolduname olduname perf_event_open " +
		"query_module reboot riscv_hwprobe sysfs sysinfo syslog uname uprobe uretprobe uselib vhangup vm86 vm86old "},
}

// otherGroup has the syscalls of no other group: old ones, and those of a single
// architecture.
const otherGroup = "Others"

// groupOf returns the group of a syscall.
func groupOf(syscall string) string {
	for _, ending := range []string{"", "_time64", "_time32", "64_64", "64", "32", "16"} {
		base, found := strings.CutSuffix(syscall, ending)
		if !found {
			continue
		}
		if group, ok := grouped[base]; ok {
			return group
		}
	}
	return otherGroup
}

var grouped = func() map[string]string {
	all := map[string]string{}
	for _, group := range groups {
		for _, syscall := range strings.Fields(group.syscalls) {
			all[syscall] = group.name
		}
	}
	return all
}()
