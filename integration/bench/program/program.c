//go:build ignore

// The line above is for the go tool, which otherwise refuses a folder that
// has both C and Go files. A C compiler sees a comment.

/*
 * program: runs in the benchmark's containers. It does almost nothing, so that
 * the benchmark measures the runtime.
 *
 *     program FIFO         writes a byte to the FIFO, and waits for a signal
 *     program              exits at once, as /bin/true does
 *     program serve COUNT  serves COUNT connections of ten requests to a child, and ends
 *     program FILE COUNT   writes to the file how many nanoseconds a refused and an
 *                          allowed system call take, each on average over COUNT calls
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
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

enum { REQUESTS = 10, SIZE = 64 };

/* exchange makes or answers the requests of a connection, and closes it. */
static int exchange(int fd, int answers)
{
	char text[SIZE] = "request";

	for (int i = 0; i < REQUESTS; i++) {
		if (!answers && write(fd, text, SIZE) != SIZE)
			return 1;
		if (read(fd, text, SIZE) != SIZE)
			return 1;
		if (answers && write(fd, text, SIZE) != SIZE)
			return 1;
	}
	return close(fd);
}

/* serve is a server that waits by epoll as usual ones do, with a client. */
static int serve(long count)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "\0bench" };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), epoll = epoll_create1(0), status;
	struct epoll_event event = { .events = EPOLLIN };
	cpu_set_t here;

	/* On one processor: on two, each wake-up takes much longer or not, by chance. */
	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	if (sched_setaffinity(0, sizeof here, &here))
		return 1;
	if (bind(listener, (struct sockaddr *)&name, sizeof name) || listen(listener, 16) ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event))
		return 1;
	if (fork() == 0) {
		while (count-- > 0) {
			int fd = socket(AF_UNIX, SOCK_STREAM, 0);
			if (connect(fd, (struct sockaddr *)&name, sizeof name) || exchange(fd, 0))
				_exit(1);
		}
		_exit(0);
	}
	while (count-- > 0)
		if (epoll_wait(epoll, &event, 1, -1) != 1 || exchange(accept(listener, NULL, NULL), 1))
			return 1;
	return wait(&status) < 0 || status != 0;
}

int main(int argc, char **argv)
{
	int fifo;

	if (argc < 2)
		return 0;
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(atol(argv[2]));
	if (argc == 3)
		return time_calls(argv[1], atol(argv[2]));
	fifo = open(argv[1], O_WRONLY | O_CLOEXEC);
	if (fifo < 0 || write(fifo, "", 1) != 1)
		return 1;
	for (;;)
		pause();
}
