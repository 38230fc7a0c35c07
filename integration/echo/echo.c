//go:build ignore

// The line above is for the go tool, which otherwise refuses a folder that
// holds both C and Go files. A C compiler sees a comment.

/*
 * http-echo: answers every HTTP request with a fixed text.
 *
 *     http-echo -listen :5678 -text "just made some syscalls!"
 *
 * It stands in for the hashicorp/http-echo of the Kubernetes seccomp tutorial.
 * The tutorial's fine-grained.json was written in 2020 for that program, and
 * lists only the calls that it made then. Today's C libraries and Go runtimes
 * make further calls while they start (glibc: set_robust_list, rseq, prlimit64,
 * getrandom), so no program built with them can run under that list. This one
 * does, on purpose:
 *
 *   - it is linked statically against musl, whose start-up is arch_prctl (on
 *     amd64) and set_tid_address;
 *   - it serves one connection at a time, without threads and without stdio;
 *   - where the kernel offers two calls for one thing it uses the listed one
 *     (accept4 and not accept, sendto and not sendmsg).
 *
 * echo_test.go runs it under exactly that list, with any other call fatal.
 *
 * A request for /syscall/NAME makes the server try one harmless system call
 * that the list leaves out, and print the result: "keyctl: EPERM". So a
 * person sees from outside which profile the program runs under.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, BACKLOG = 16, REQUEST_MAX = 4096, CLIENT_SECONDS = 2 };

/* The calls that a request may name. Each succeeds in an unconfined container
 * and changes nothing outside it, so a failure comes from the profile.
 * -3 is KEY_SPEC_SESSION_KEYRING, and keyctl's operation 0 asks for its id. */
static const struct probe {
	const char *name;
	long nr;
	long arg[5];
} probes[] = {
	{ "add_key", SYS_add_key, { (long)"user", (long)"probe", (long)"x", 1, -3 } },
	{ "getppid", SYS_getppid, { 0 } },
	{ "keyctl", SYS_keyctl, { 0, -3, 0 } },
	{ "mkdirat", SYS_mkdirat, { AT_FDCWD, (long)"/probe", 0700 } },
	{ "unshare", SYS_unshare, { 0 } },
};

/* complain writes "http-echo: WHAT: WHY" to standard error. */
static void complain(const char *what, const char *why)
{
	const char *part[] = { "http-echo: ", what, ": ", why, "\n" };

	for (size_t i = 0; i < sizeof part / sizeof *part; i++)
		if (write(2, part[i], strlen(part[i])) < 0)
			return;
}

static void die(const char *what)
{
	complain(what, strerror(errno));
	exit(1);
}

/* errno_name names the errors that profiles return. Others are "error". */
static const char *errno_name(int err)
{
	switch (err) {
	case EPERM:  return "EPERM";
	case EACCES: return "EACCES";
	case ENOSYS: return "ENOSYS";
	case EEXIST: return "EEXIST";
	default:     return "error";
	}
}

/* send_text writes a whole string. It ignores a client that has gone away:
 * there is no SIGPIPE and no error. */
static void send_text(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = send(fd, text, left, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		text += n;
		left -= n;
	}
}

/* send_probe makes the call called name and sends its result. */
static void send_probe(int fd, const char *name)
{
	for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
		const struct probe *p = &probes[i];
		if (strcmp(name, p->name) != 0)
			continue;
		long r = syscall(p->nr, p->arg[0], p->arg[1], p->arg[2], p->arg[3], p->arg[4]);
		const char *result = r == -1 ? errno_name(errno) : "ok";
		send_text(fd, name);
		send_text(fd, ": ");
		send_text(fd, result);
		return;
	}
	send_text(fd, "no such probe: ");
	send_text(fd, name);
}

/* read_request reads up to the blank line that ends a request's head. The
 * client's speed is bounded by the receive timeout that main sets. It returns
 * 0 when no whole head arrived. */
static int read_request(int fd, char *head)
{
	size_t have = 0;

	while (have < REQUEST_MAX) {
		ssize_t n = recv(fd, head + have, REQUEST_MAX - have, 0);
		if (n <= 0)
			return 0;
		have += n;
		head[have] = '\0';
		if (strstr(head, "\r\n\r\n"))
			return 1;
	}
	return 0;
}

/* answer serves one connection. The body ends with the connection, so that no
 * Content-Length, and no formatted number, is needed. */
static void answer(int fd, const char *text)
{
	static const char probe_path[] = "/syscall/";
	char head[REQUEST_MAX + 1];

	if (!read_request(fd, head))
		return;
	send_text(fd, "HTTP/1.1 200 OK\r\n"
		      "Content-Type: text/plain; charset=utf-8\r\n"
		      "Connection: close\r\n\r\n");

	char *path = strchr(head, ' ');
	if (path && strncmp(path + 1, probe_path, strlen(probe_path)) == 0) {
		char *name = path + 1 + strlen(probe_path);
		name[strcspn(name, " ?\r\n")] = '\0';
		send_probe(fd, name);
	} else {
		send_text(fd, text);
	}
	send_text(fd, "\n");
}

/* parse_address reads "[IPv4]:PORT". It does not resolve names, because that
 * needs calls that are not in the tutorial's list. */
static int parse_address(const char *arg, struct sockaddr_in *addr)
{
	char host[INET_ADDRSTRLEN] = "0.0.0.0", *end;
	const char *colon = strrchr(arg, ':');

	if (!colon || (size_t)(colon - arg) >= sizeof host)
		return 0;
	if (colon > arg) {
		memcpy(host, arg, colon - arg);
		host[colon - arg] = '\0';
	}
	long port = strtol(colon + 1, &end, 10);
	if (end == colon + 1 || *end != '\0' || port < 0 || port > 65535)
		return 0;
	*addr = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	return inet_pton(AF_INET, host, &addr->sin_addr) == 1;
}

static int listen_on(const struct sockaddr_in *addr)
{
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("open socket");
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0)
		die("set SO_REUSEADDR");
	if (bind(fd, (const struct sockaddr *)addr, sizeof *addr) < 0)
		die("bind address");
	if (listen(fd, BACKLOG) < 0)
		die("listen");
	return fd;
}

/* flag_value returns the value of -NAME VALUE, --NAME VALUE or -NAME=VALUE at
 * *arg, moving *arg to the last word that it used, or NULL if *arg is another
 * flag or has no value. */
static const char *flag_value(char ***arg, const char *name)
{
	const char *word = **arg;
	size_t len = strlen(name);

	if (*word++ != '-')
		return NULL;
	if (*word == '-')
		word++;
	if (strncmp(word, name, len) != 0)
		return NULL;
	if (word[len] == '=')
		return word + len + 1;
	if (word[len] == '\0' && (*arg)[1])
		return *++*arg;
	return NULL;
}

/* The kernel drops signals for which a container's first process has no
 * handler, so without this one only SIGKILL would stop the server. */
static void on_term(int sig)
{
	(void)sig;
	_exit(0);
}

int main(int argc, char **argv)
{
	const struct timeval patience = { .tv_sec = CLIENT_SECONDS };
	const char *where = ":5678", *text = "", *value;
	struct sockaddr_in addr;

	(void)argc;
	for (char **arg = argv + 1; *arg; arg++) {
		if ((value = flag_value(&arg, "listen"))) {
			where = value;
		} else if ((value = flag_value(&arg, "text"))) {
			text = value;
		} else {
			complain(*arg, "want -listen [IPv4]:PORT or -text TEXT");
			return EXIT_USAGE;
		}
	}
	if (!parse_address(where, &addr)) {
		complain(where, "want [IPv4]:PORT");
		return EXIT_USAGE;
	}

	signal(SIGTERM, on_term);
	signal(SIGINT, on_term);
	int server = listen_on(&addr);
	for (;;) {
		int client = accept4(server, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			die("accept connection");
		}
		setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
		answer(client, text);
		close(client);
	}
}
