// Makes system calls under a filter and says what became of each. Both come on
// stdin and go to stdout as the arrays of structs below, each after its length.
//
// The calls are made by a child, which makes no others: it writes into memory
// that it shares with its parent, and ends by a trap. When a call kills it, the
// next child goes on behind that call.

#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct call {
	uint32_t legacy; // by int 0x80
	uint32_t nr;
	uint64_t args[6];
};

struct outcome {
	uint32_t fate;
	int32_t result; // an error is negative
};

enum fate { NOT_MADE, RETURNED, TRAPPED, DIED };

struct progress {
	volatile uint32_t at;
	struct outcome outcomes[];
};

static sigjmp_buf before;

static void on_sigsys(int sig)
{
	(void)sig;
	siglongjmp(before, 1);
}

static long perform(const struct call *c)
{
	const uint64_t *a = c->args;
	long result;
#ifdef __x86_64__
	if (c->legacy) {
		register uint64_t a5 __asm__("r12") = a[5];
		__asm__ volatile("xchg %%rbp, %%r12; int $0x80; xchg %%rbp, %%r12"
			: "=a"(result), "+r"(a5)
			: "a"((uint64_t)c->nr), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
			: "memory", "r8", "r9", "r10", "r11");
		return (int)result;
	}
	register uint64_t a3 __asm__("r10") = a[3], a4 __asm__("r8") = a[4], a5 __asm__("r9") = a[5];
	__asm__ volatile("syscall"
		: "=a"(result)
		: "a"((uint64_t)c->nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(a3), "r"(a4), "r"(a5)
		: "memory", "rcx", "r11");
#elif defined(__aarch64__)
	register uint64_t x8 __asm__("x8") = c->nr, x0 __asm__("x0") = a[0], x1 __asm__("x1") = a[1], x2 __asm__("x2") = a[2],
		x3 __asm__("x3") = a[3], x4 __asm__("x4") = a[4], x5 __asm__("x5") = a[5];
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	result = x0;
#endif
	return result;
}

static void child(struct sock_fprog *filter, const struct call *calls, uint32_t count, struct progress *p)
{
	struct rlimit none = {0, 0};
	setrlimit(RLIMIT_CORE, &none);
	// The handler leaves without sigreturn, which may be denied, so that nothing
	// would unblock the signal.
	struct sigaction catch = {.sa_handler = on_sigsys, .sa_flags = SA_NODEFER};
	sigaction(SIGSYS, &catch, NULL);
	if (filter->len > 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, filter)))
		_exit(3);
	while (p->at < count) {
		if (sigsetjmp(before, 0) == 0) {
			p->outcomes[p->at].result = perform(&calls[p->at]);
			p->outcomes[p->at].fate = RETURNED;
		} else {
			p->outcomes[p->at].fate = TRAPPED;
		}
		p->at++;
	}
	__builtin_trap();
}

static void *receive(size_t size, uint32_t *count)
{
	if (fread(count, sizeof *count, 1, stdin) != 1)
		exit(2);
	void *all = calloc(*count + 1, size);
	if (!all || fread(all, size, *count, stdin) != *count)
		exit(2);
	return all;
}

int main(void)
{
	uint32_t length, count;
	struct sock_filter *code = receive(sizeof *code, &length);
	struct call *calls = receive(sizeof *calls, &count);
	struct sock_fprog filter = {length, code};
	size_t size = count * sizeof(struct outcome);
	struct progress *p = mmap(NULL, sizeof *p + size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return 2;
	while (p->at < count) {
		uint32_t from = p->at;
		int status;
		pid_t pid = fork();
		if (pid == 0)
			child(&filter, calls, count, p);
		if (pid < 0 || waitpid(pid, &status, 0) != pid || WIFEXITED(status))
			return 3; // the filter is not installed
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
			p->outcomes[p->at++].fate = DIED;
		else if (p->at == from)
			return 4; // the call is no way into this kernel
	}
	return fwrite(p->outcomes, 1, size, stdout) == size ? 0 : 2;
}
