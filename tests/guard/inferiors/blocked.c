/* `blocked CALL`: waits in one system call, says "r" before it and its outcome once it returns,
 * then waits for its input to end.  Without a name it lists all of them. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LONG 100000
static struct timespec later = {.tv_sec = LONG};


static long pipe_read(void)
{
    int ends[2];
    char byte;
    return pipe(ends) == 0 ? read(ends[0], &byte, 1) : 0;
}

static long pipe_write(void)
{
    int ends[2];
    static char data[1 << 20];
    return pipe(ends) == 0 ? write(ends[1], data, sizeof data) : 0;
}

static long do_poll(void) { return poll(NULL, 0, LONG * 1000); }
static long do_ppoll(void) { return ppoll(NULL, 0, &later, NULL); }
static long do_select(void) { struct timeval t = {.tv_sec = LONG}; return select(0, NULL, NULL, NULL, &t); }
static long do_pselect(void) { return pselect(0, NULL, NULL, NULL, &later, NULL); }
static long do_epoll_wait(void) { struct epoll_event e; return syscall(SYS_epoll_wait, epoll_create1(0), &e, 1, -1); }
static long do_epoll_pwait(void) { struct epoll_event e; return syscall(SYS_epoll_pwait, epoll_create1(0), &e, 1, -1, NULL, 8); }
static long do_nanosleep(void) { return syscall(SYS_nanosleep, &later, NULL); }
static long do_clock_nanosleep(void) { return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &later, NULL); }
static long futex(void) { static int word; return syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0); }
static long do_pause(void) { return pause(); }

static long do_sigtimedwait(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return sigtimedwait(&set, NULL, &later);
}

static long sem(int timed)
{
    struct sembuf down = {.sem_op = -1};
    int id = semget(IPC_PRIVATE, 1, 0600);
    semctl(id, 0, SETVAL, 0);
    /* Gone with the process is only what is removed: it is, while waited for, by a child. */
    pid_t parent = getpid();
    if (fork() == 0) {
        while (getppid() == parent)
            usleep(10000);
        semctl(id, 0, IPC_RMID);
        _exit(0);
    }
    return timed ? semtimedop(id, &down, 1, &later) : semop(id, &down, 1);
}

static long do_semop(void) { return sem(0); }
static long do_semtimedop(void) { return sem(1); }

static int receiving(int seconds)
{
    int ends[2];
    struct timeval limit = {.tv_sec = seconds};
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    if (seconds)
        setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return ends[0];
}

static long do_recv(void) { char byte; return recv(receiving(0), &byte, 1, 0); }
static long recv_with_timeout(void) { char byte; return recv(receiving(LONG), &byte, 1, 0); }

static long accepting(int seconds)
{
    struct sockaddr_un any = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = seconds};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bind(fd, (struct sockaddr *)&any, sizeof any.sun_family);
    listen(fd, 1);
    if (seconds)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return accept(fd, NULL, NULL);
}

static long do_accept(void) { return accepting(0); }
static long accept_with_timeout(void) { return accepting(LONG); }

static long do_flock(void)
{
    FILE *file = tmpfile();
    char path[64];
    flock(fileno(file), LOCK_EX);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(file));
    FILE *again = fopen(path, "r");
    return flock(fileno(again), LOCK_EX);
}

static long do_wait4(void)
{
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        while (getppid() == parent)
            usleep(10000);
        _exit(0);
    }
    return waitpid(child, NULL, 0);
}

static long io_getevents(void)
{
    unsigned long context = 0;
    char event[64];
    syscall(SYS_io_setup, 1, &context);
    return syscall(SYS_io_getevents, context, 1, 1, event, NULL);
}

static const struct { const char *name; long (*call)(void); } calls[] = {
    {"accept", do_accept}, {"accept with SO_RCVTIMEO", accept_with_timeout},
    {"clock_nanosleep", do_clock_nanosleep}, {"epoll_pwait", do_epoll_pwait},
    {"epoll_wait", do_epoll_wait}, {"flock", do_flock}, {"futex", futex},
    {"io_getevents", io_getevents}, {"nanosleep", do_nanosleep}, {"pause", do_pause},
    {"poll", do_poll}, {"ppoll", do_ppoll}, {"pselect", do_pselect}, {"read", pipe_read},
    {"recv", do_recv}, {"recv with SO_RCVTIMEO", recv_with_timeout}, {"select", do_select},
    {"semop", do_semop}, {"semtimedop", do_semtimedop}, {"sigtimedwait", do_sigtimedwait},
    {"wait4", do_wait4}, {"write", pipe_write},
};

int main(int count, char **arguments)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (count < 2)
            puts(calls[i].name);
        else if (strcmp(arguments[1], calls[i].name) == 0) {
            char byte;
            if (write(1, "r", 1) != 1)
                return 3;
            long result = calls[i].call();
            dprintf(1, "%s\n", result < 0 ? strerrorname_np(errno) : "returned");
            return read(0, &byte, 1) < 0;
        }
    }
    return count < 2 ? 0 : 4;
}
