#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Descriptor 3 is the socket's: containerd's package shim. */
#define SOCKET 3
/* Where the child keeps its end of the pipe, out of the socket's way. */
#define FIRST_FREE 10
/* An answer is the address of a socket and two short names. */
#define ANSWER_MAX 65536

/* answer_pipe is where the child writes its answer; -1 in all other processes. */
int prefork_answer_pipe = -1;

static void fail(const char *what)
{
	dprintf(STDERR_FILENO, "start: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static int write_all(int fd, const char *from, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, from, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		from += n;
		size -= n;
	}
	return 0;
}

/* exit_as exits as the child did, which has not answered. */
static void exit_as(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			fail("wait for the shim");
	if (WIFSIGNALED(status)) {
		dprintf(STDERR_FILENO, "start: the shim was killed by signal %d\n", WTERMSIG(status));
		_exit(128 + WTERMSIG(status));
	}
	if (WEXITSTATUS(status) != 0)
		_exit(WEXITSTATUS(status));
	dprintf(STDERR_FILENO, "start: the shim ended without an answer\n");
	_exit(1);
}

/* relay is all that the parent does: it hands the child's answer on. */
static void relay(int pipe, pid_t child)
{
	static char answer[ANSWER_MAX];
	size_t size = 0;

	for (;;) {
		ssize_t n = read(pipe, answer + size, sizeof(answer) - size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail("read the shim's answer");
		if (n == 0)
			break;
		size += n;
		if (size == sizeof(answer)) {
			errno = EMSGSIZE;
			fail("read the shim's answer");
		}
	}
	if (size == 0)
		exit_as(child);
	/* The first byte says that there is an answer. */
	if (write_all(STDOUT_FILENO, answer + 1, size - 1) < 0)
		fail("write the answer");
	_exit(0);
}

/* become_server prepares the child, which returns from here into the Go runtime. */
static void become_server(int pipe, char *action)
{
	int null;

	if (setpgid(0, 0) < 0)
		fail("make a process group");
	prefork_answer_pipe = fcntl(pipe, F_DUPFD_CLOEXEC, FIRST_FREE);
	if (prefork_answer_pipe < 0)
		fail("keep the pipe");
	close(pipe);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0 || (null != SOCKET && dup3(null, SOCKET, O_CLOEXEC) < 0))
		fail("reserve the socket's descriptor");
	if (null != SOCKET)
		close(null);
	/* ps(1) shows the arguments of a server: no action. */
	memset(action, 0, strlen(action));
}

/* glibc hands the program's arguments to its constructors. */
__attribute__((constructor)) static void prefork(int argc, char **argv)
{
	int ends[2];
	pid_t child;

	if (argc < 2 || strcmp(argv[argc - 1], "start") != 0)
		return;
	if (pipe2(ends, O_CLOEXEC) < 0)
		fail("make a pipe");
	child = fork();
	if (child < 0)
		fail("fork");
	if (child > 0) {
		close(ends[1]);
		relay(ends[0], child);
	}
	close(ends[0]);
	become_server(ends[1], argv[argc - 1]);
}
