//go:build ignore

// The line above is for the go tool, which otherwise refuses a folder that
// has both C and Go files. A C compiler sees a comment.

/*
 * program: runs in the benchmark's containers. It does almost nothing, so that
 * the benchmark measures the runtime.
 *
 *     program FIFO         writes a byte to the FIFO, and waits for a signal
 *     program              exits at once, as /bin/true does
 *     program FILE COUNT   writes to the file how many nanoseconds a refused and an
 *                          allowed system call take, each on average over COUNT calls
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* average returns the nanoseconds of a call. Every call must have the result. */
static double average(long number, long argument, long result, long count)
{
	struct timespec begin, end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (long i = 0; i < count; i++)
		if (syscall(number, argument) != result)
			exit(1);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((end.tv_sec - begin.tv_sec) * 1e9 + (end.tv_nsec - begin.tv_nsec)) / count;
}

static int time_calls(const char *file, long count)
{
	/* Containers may not make namespaces under the default profile. */
	double refused = average(SYS_unshare, CLONE_NEWNS, -1, count);
	double allowed = average(SYS_getppid, 0, getppid(), count);
	FILE *out = fopen(file, "w");

	if (out == NULL || fprintf(out, "%f %f\n", refused, allowed) < 0 || fclose(out) != 0)
		return 1;
	return 0;
}

int main(int argc, char **argv)
{
	int fifo;

	if (argc < 2)
		return 0;
	if (argc == 3)
		return time_calls(argv[1], atol(argv[2]));
	fifo = open(argv[1], O_WRONLY | O_CLOEXEC);
	if (fifo < 0 || write(fifo, "", 1) != 1)
		return 1;
	for (;;)
		pause();
}
