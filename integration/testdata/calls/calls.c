// calls is the program that test containers run. It performs the steps on its command
// line in order and prints the result of each, one line "STEP -> RESULT".
//
//	NAME@64:NR[,ARG...]  the system call NR by the native convention; up to six
//	                     arguments. The result is what the kernel returned; for
//	                     a call that a caught SIGSYS ended, "trap ERRNO".
//	NAME@32:NR[,ARG...]  the same by int 0x80 (x86-64 only), up to three
//	                     arguments
//	thread:CALL          CALL in a second thread; "dead" if the kernel ended it
//	leave, leave:CALL    ends the first thread, or makes CALL in it, which must end
//	                     it; another thread performs the steps that follow
//	catch                from now on SIGSYS is caught
//	status               "Seccomp N" and "NoNewPrivs N" of /proc/self/status
//	raise:N              sends itself the signal N
//	crash                reads from address 0
//	exit:N               ends with the exit code N
//	hold                 waits until a signal ends the program
//
// NAME is for people. The program makes few calls of its own, so that profiles may deny
// nearly all: write, and those that a C library needs to start.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct call {
	int legacy; // by int 0x80
	long nr;
	unsigned long args[6];
};

static volatile sig_atomic_t trapped = -1;

static void say(const char *step, const char *result)
{
	char line[512];
	int n = snprintf(line, sizeof line, "%s -> %s\n", step, result);
	if (n >= (int)sizeof line || write(1, line, n) != n)
		_exit(120);
}

static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	trapped = info->si_errno;
}

static long perform(const struct call *c)
{
	const unsigned long *a = c->args;
#ifdef __x86_64__
	long result;
	if (c->legacy) {
		__asm__ volatile("int $0x80" : "=a"(result)
			: "a"(c->nr), "b"(a[0]), "c"(a[1]), "d"(a[2])
			: "memory", "r8", "r9", "r10", "r11");
		return (int)result;
	}
	register unsigned long a3 __asm__("r10") = a[3];
	register unsigned long a4 __asm__("r8") = a[4];
	register unsigned long a5 __asm__("r9") = a[5];
	__asm__ volatile("syscall" : "=a"(result)
		: "a"(c->nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(a3), "r"(a4), "r"(a5)
		: "memory", "rcx", "r11");
	return result;
#else
	long result = syscall(c->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	return result == -1 ? -errno : result;
#endif
}

static int parse(const char *step, struct call *c)
{
	const char *at = strchr(step, '@');
	if (!at || (strncmp(at, "@64:", 4) && strncmp(at, "@32:", 4)))
		return 0;
	memset(c, 0, sizeof *c);
	c->legacy = at[1] == '3';
	char *end;
	c->nr = strtoul(at + 4, &end, 0);
	for (int i = 0; i < 6 && *end == ','; i++)
		c->args[i] = strtoull(end + 1, &end, 0);
	return *end == '\0';
}

static void call(const char *step, const struct call *c)
{
	char text[32];
	trapped = -1;
	long result = perform(c);
	if (trapped >= 0)
		snprintf(text, sizeof text, "trap %d", (int)trapped);
	else
		snprintf(text, sizeof text, "%ld", result);
	say(step, text);
}

struct errand {
	const char *step;
	struct call call;
	volatile pid_t tid;
	volatile int done;
};

static void *run_errand(void *arg)
{
	struct errand *e = arg;
	e->tid = gettid();
	call(e->step, &e->call);
	e->done = 1;
	return NULL;
}

// in_thread cannot join, because a thread that the kernel ended never signals its end.
static int in_thread(const char *step)
{
	static struct errand e;
	pthread_t thread;
	memset(&e, 0, sizeof e);
	e.step = step;
	if (!parse(step + strlen("thread:"), &e.call) || pthread_create(&thread, NULL, run_errand, &e))
		return 0;
	while (!e.done) {
		if (e.tid && syscall(SYS_tgkill, getpid(), e.tid, 0) && errno == ESRCH) {
			if (!e.done)
				say(step, "dead");
			break;
		}
		usleep(1000);
	}
	return 1;
}

static void status_field(const char *status, const char *field)
{
	char name[32], text[8] = "absent";
	snprintf(name, sizeof name, "\n%s:\t", field);
	const char *found = strstr(status, name);
	if (found)
		snprintf(text, sizeof text, "%d", atoi(found + strlen(name)));
	say(field, text);
}

static int status(void)
{
	static char buf[8192];
	int fd = open("/proc/self/status", O_RDONLY);
	if (fd < 0 || read(fd, buf, sizeof buf - 1) <= 0 || close(fd))
		return 0;
	status_field(buf, "Seccomp");
	status_field(buf, "NoNewPrivs");
	return 1;
}

static int step(const char *s)
{
	struct call c;
	if (!strncmp(s, "thread:", 7))
		return in_thread(s);
	if (!strncmp(s, "raise:", 6))
		return !raise(atoi(s + 6));
	if (!strncmp(s, "exit:", 5))
		_exit(atoi(s + 5));
	if (!strcmp(s, "crash"))
		return *(volatile char *)0;
	if (!strcmp(s, "catch")) {
		struct sigaction act = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };
		return !sigaction(SIGSYS, &act, NULL);
	}
	if (!strcmp(s, "status"))
		return status();
	if (!strcmp(s, "hold")) {
		say(s, "waiting");
		for (;;)
			pause();
	}
	if (!parse(s, &c))
		return 0;
	call(s, &c);
	return 1;
}

static void leave(char **rest);

static int steps(char **all)
{
	for (; *all; all++) {
		if (!strncmp(*all, "leave", 5))
			leave(all);
		else if (!step(*all)) {
			say(*all, "this step failed or is none");
			return 121;
		}
	}
	return 0;
}

static int first_thread_lives(void)
{
	char text[512];
	snprintf(text, sizeof text, "/proc/%d/task/%d/stat", getpid(), getpid());
	int fd = open(text, O_RDONLY);
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	return !strstr(text, ") Z ");
}

static void *take_over(void *left)
{
	char **all = left;
	while (first_thread_lives())
		usleep(1000);
	say(*all, "alone");
	exit(steps(all + 1));
}

static void leave(char **all)
{
	pthread_t thread;
	struct call c;
	if (pthread_create(&thread, NULL, take_over, all))
		_exit(122);
	if (parse(*all, &c))
		perform(&c);
	syscall(SYS_exit, 0);
}

int main(int argc, char **argv)
{
	(void)argc;
	return steps(argv + 1);
}
