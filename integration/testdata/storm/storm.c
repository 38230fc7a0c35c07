// storm makes a refused call many times in threads of forked processes, while timers
// interrupt them, and counts the answers: storm ERRNO COUNT FLAGS.
//
// FLAGS is "restart" for handlers with SA_RESTART, "interrupt" for handlers without. The
// output is one line: the right answers, those with EINTR, and all others.

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { processes = 3, threads = 3 };

static struct { long right, interrupted, wrong; } *sum;
static long expected, count;

static void on_alarm(int sig) { (void)sig; }

static void *call(void *arg)
{
	for (long i = 0; i < count; i++) {
		errno = 0;
		long result = syscall(SYS_getpgid, 0);
		if (result == -1 && errno == expected)
			__atomic_add_fetch(&sum->right, 1, __ATOMIC_RELAXED);
		else if (result == -1 && errno == EINTR)
			__atomic_add_fetch(&sum->interrupted, 1, __ATOMIC_RELAXED);
		else
			__atomic_add_fetch(&sum->wrong, 1, __ATOMIC_RELAXED);
	}
	return arg;
}

static int child(int restart)
{
	struct sigaction act = { .sa_handler = on_alarm, .sa_flags = restart ? SA_RESTART : 0 };
	struct itimerval often = { { 0, 200 }, { 0, 200 } };
	pthread_t all[threads];
	if (sigaction(SIGALRM, &act, NULL) || setitimer(ITIMER_REAL, &often, NULL))
		return 1;
	for (int i = 0; i < threads; i++)
		if (pthread_create(&all[i], NULL, call, NULL))
			return 2;
	sigset_t alarms; // the kernel prefers the first thread, which makes no refused call
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	if (pthread_sigmask(SIG_BLOCK, &alarms, NULL))
		return 3;
	for (int i = 0; i < threads; i++)
		pthread_join(all[i], NULL);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 120;
	expected = atol(argv[1]);
	count = atol(argv[2]);
	sum = mmap(NULL, sizeof *sum, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sum == MAP_FAILED)
		return 121;
	for (int i = 0; i < processes; i++)
		if (fork() == 0)
			_exit(child(!strcmp(argv[3], "restart")));
	int status, failed = 0;
	while (wait(&status) > 0)
		failed |= status;
	printf("%ld right, %ld interrupted, %ld wrong\n", sum->right, sum->interrupted, sum->wrong);
	return failed != 0;
}
