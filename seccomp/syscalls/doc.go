// Package syscalls has the numbers of the syscalls that Linux has added since version 5.1,
// on each architecture of the OCI spec. libseccomp knows no syscall that is newer than
// itself; with this table the meaning of a profile does not depend on its version.
//
// From number 424 on, a new syscall has the same number on all architectures (except
// alpha, which OCI does not have). Older numbers differ. libseccomp 2.5.0 and later have
// them, except a few that one architecture got late; these are in the table too.
//
// # Source
//
// The kernel's tables: scripts/syscall.tbl, and arch/*/**/syscall*.tbl for the
// architectures that have their own. The kernel generates its headers
// asm/unistd_*.h from them.
//
// # To add a syscall
//
//  1. Add a row to table, with the number of the kernel's tables. If an architecture
//     lacks the syscall, add a case to has, below the table.
//  2. Set [Linux] to the version of the kernel that the tables are from.
//  3. Compare with that kernel's headers for all architectures, which Debian 13 and
//     later have in linux-libc-dev. SECCOMP_SHIM_UAPI names a folder elsewhere that is
//     laid out as its /usr/lib/linux/uapi:
//     SECCOMP_SHIM_UAPI=FOLDER go test -run TestKernelHeaders -v ./seccomp/syscalls
//
// Other tests compare the table with golang.org/x/sys/unix and, in package compile, with
// libseccomp. They fail if one of these has a syscall that the table lacks.
package syscalls
