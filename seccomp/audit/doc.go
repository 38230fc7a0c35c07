// Package audit reads the kernel's records of calls on which a seccomp filter acted:
// AUDIT_SECCOMP, for LOG, for the kills, and for refusals of a filter that was loaded with
// SECCOMP_FILTER_FLAG_LOG. It needs no audit daemon, and takes nothing away from one.
//
// # Two sources
//
// A thread of the kernel (kauditd_thread, kernel/audit.c) sends each record some milliseconds
// after its call:
//
//	record ──▶ multicast group AUDIT_NLGRP_READLOG, of the first network namespace (Linux 3.16)
//	       └─▶ the audit daemon, or, if there is none, the kernel's log, through a rate limit
//
// [Group] has every record, with and without a daemon, from when it is joined. It needs
// CAP_AUDIT_READ, and no record comes to another network namespace, where joining succeeds
// nevertheless. [Log] has the past, and works in each network namespace; but it has nothing
// while a daemon runs, and by default the kernel drops all but ten lines in five seconds
// (kernel.printk_ratelimit). The group gets each record before the log does.
//
// # What is lost
//
// An [Entry] is a record, or says that records are missing. [ReadStatus] has the kernel's
// count of the records that its own queue could not take.
//
// The pids of records are those of the first pid namespace: see [InFirstPIDNamespace].
package audit
