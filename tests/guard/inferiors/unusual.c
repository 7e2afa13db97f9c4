/* `unusual MODE`: a process that debuggers have trouble with.  It says "r" when it is what MODE
 * says, then calls `trapped` until its input ends, and exits with 9.
 *
 * leaderless   the first thread has ended
 * nondumpable  no other process of the user may trace it (prctl(2), PR_SET_DUMPABLE)
 * strict       a thread may read, write and exit, and nothing else (seccomp(2))
 * uring        a thread of the kernel works for it (io_uring_setup(2), IORING_SETUP_SQPOLL) */
#define _GNU_SOURCE
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

volatile unsigned long total;
static int strict[2];

__attribute__((noinline)) void trapped(void)
{
    __atomic_add_fetch(&total, 1, __ATOMIC_SEQ_CST);
}

static void *work(void *leader)
{
    if (leader)
        pthread_join(*(pthread_t *)leader, NULL);
    if (write(1, "r", 1) != 1)
        _exit(3);
    for (;;) {
        struct pollfd input = {.fd = 0, .events = POLLIN};
        trapped();
        if (poll(&input, 1, 1) > 0)
            _exit(9);
    }
}

static void *confine(void *unused)
{
    char byte;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        _exit(4);
    syscall(SYS_write, strict[1], "c", 1);
    for (;;)
        syscall(SYS_read, strict[0], &byte, 1);
    return unused;
}

int main(int count, char **arguments)
{
    const char *mode = count > 1 ? arguments[1] : "";
    static pthread_t leader;
    pthread_t id;
    if (strcmp(mode, "leaderless") == 0) {
        leader = pthread_self();
        pthread_create(&id, NULL, work, &leader);
        pthread_exit(NULL);
    }
    if (strcmp(mode, "nondumpable") == 0 && prctl(PR_SET_DUMPABLE, 0) != 0)
        return 4;
    if (strcmp(mode, "strict") == 0) {
        if (pipe(strict) != 0)
            return 4;
        pthread_create(&id, NULL, confine, NULL);
    }
    if (strcmp(mode, "uring") == 0) {
        struct io_uring_params params = {.flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 1000000};
        if (syscall(SYS_io_uring_setup, 8, &params) < 0)
            return 5;
    }
    work(NULL);
}
