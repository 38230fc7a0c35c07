//go:build ignore

// The line above is for the go tool, which otherwise refuses a folder that
// has both C and Go files. A C compiler sees a comment.

/*
 * program: runs in the benchmark's containers. It does almost nothing, so that
 * the benchmark measures the runtime.
 *
 *     program FIFO    writes a byte to the FIFO, and waits for a signal
 *     program         exits at once, as /bin/true does
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
