/*
 * i386: a program for 32-bit x86 without a C library. It calls getpgid(0) three times by
 * int 0x80 and two times by the kernel's vsyscall function (SYSENTER or SYSCALL), makes a
 * socket by socketcall, and exits with the number of calls that have failed.
 */
enum { EXIT = 1, SOCKETCALL = 102, GETPGID = 132, AT_SYSINFO = 32, SYS_SOCKET = 1, AF_UNIX = 1, SOCK_STREAM = 1 };

static int by_interrupt(int nr, int a, const void *b)
{
	int result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(a), "c"(b) : "memory");
	return result;
}

static int by_vsyscall(const void *vsyscall, int nr, int a)
{
	int result;
	__asm__ volatile("call *%1" : "=a"(result) : "r"(vsyscall), "a"(nr), "b"(a) : "memory");
	return result;
}

__attribute__((noreturn)) void run(const long *stack)
{
	long socket[3] = { AF_UNIX, SOCK_STREAM, 0 };
	const void *vsyscall = 0;
	int failed = 0;

	stack += 1 + stack[0] + 1; /* argc, argv */
	while (*stack++)           /* the environment */
		;
	for (; stack[0]; stack += 2)
		if (stack[0] == AT_SYSINFO)
			vsyscall = (const void *)stack[1];
	for (int i = 0; i < 3; i++)
		failed += by_interrupt(GETPGID, 0, 0) < 0;
	for (int i = 0; i < 2; i++)
		failed += !vsyscall || by_vsyscall(vsyscall, GETPGID, 0) < 0;
	failed += by_interrupt(SOCKETCALL, SYS_SOCKET, socket) < 0;
	for (;;)
		by_interrupt(EXIT, failed, 0);
}

__asm__(".globl _start\n_start:\n\tmov %esp, %eax\n\tand $-16, %esp\n\tsub $12, %esp\n\tpush %eax\n\tcall run\n");
