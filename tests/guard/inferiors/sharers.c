/* Children that share their parent's memory or do not, whatever kind of child they are, and
   children that their parent traces; says how many of them ended well. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 1 << 16 };

volatile unsigned long total;

__attribute__((noinline)) void trapped(void)
{
    __atomic_add_fetch(&total, 1, __ATOMIC_SEQ_CST);
}

static int in_child(void *unused)
{
    (void)unused;
    trapped();
    trapped();
    _exit(0);
}

/* Runs a child made with these flags; returns whether it ended well and shared what it should. */
static int cloned(int flags, int ends)
{
    char *stack = mmap(0, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned long before = total;
    pid_t child = clone(in_child, stack + STACK, flags | ends, 0);
    int status;
    if (child < 0 || waitpid(child, &status, __WALL) != child)
        return 0;
    munmap(stack, STACK);
    unsigned long shared = flags & CLONE_VM ? 2 : 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 && total == before + shared;
}

/* Runs a program under this one's own tracing, from a vfork child. */
static int traced(void)
{
    int status;
    pid_t child = vfork();
    if (child == 0) {
        trapped();
        if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0)
            _exit(2);
        trapped();
        execl("/bin/true", "true", (char *)0);
        _exit(3);
    }
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
        return 0;
    if (ptrace(PTRACE_CONT, child, 0, 0) != 0 || waitpid(child, &status, 0) != child)
        return 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 1;
    int good = 0;
    for (int i = 0; i < rounds; i++) {
        good += cloned(CLONE_VM, SIGCHLD);
        good += cloned(CLONE_VM, 0);
        good += cloned(0, 0);
        good += cloned(0, SIGCHLD);
        good += cloned(CLONE_VFORK, SIGCHLD);
        good += cloned(CLONE_VFORK | CLONE_VM, SIGCHLD);
        good += cloned(CLONE_VFORK | CLONE_VM, 0);
        good += traced();
        trapped();
    }
    printf("%d\n", good);
    return good == 8 * rounds ? 0 : 1;
}
