//go:build ignore

// The line above is for the go tool, which otherwise refuses a folder that
// holds both C and Go files. A C compiler sees a comment.

/*
 * program: what the benchmark's containers run. It does next to nothing, so
 * that what is measured is the runtime.
 *
 *     program FIFO    says by one byte that it runs, and stays until killed
 *     program         ends at once, as /bin/true does
 */
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fifo;

	if (argc < 2)
		return 0;
	fifo = open(argv[1], O_WRONLY | O_CLOEXEC);
	if (fifo < 0 || write(fifo, "", 1) != 1)
		return 1;
	for (;;)
		pause();
}
