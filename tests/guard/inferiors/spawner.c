/* Forks, vforks and spawns children that run trapped(); says how each of them ended. */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

volatile unsigned long total;

__attribute__((noinline)) void trapped(void)
{
    __atomic_add_fetch(&total, 1, __ATOMIC_SEQ_CST);
}

static int ended_well(pid_t child)
{
    int status;
    if (waitpid(child, &status, 0) != child)
        return 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 10;
    int good = 0;
    for (int i = 0; i < rounds; i++) {
        trapped();
        pid_t child = fork();
        if (child == 0) {
            trapped();
            trapped();
            _exit(total == (unsigned long)i * 2 + 3 ? 0 : 1);
        }
        good += ended_well(child);
        child = vfork();
        if (child == 0) {
            trapped();
            execl("/bin/true", "true", (char *)0);
            _exit(1);
        }
        good += ended_well(child);
        char *arguments[] = {"true", 0};
        if (posix_spawn(&child, "/bin/true", 0, 0, arguments, environ) == 0)
            good += ended_well(child);
    }
    printf("%d %lu\n", good, total);
    return good == 3 * rounds ? 0 : 1;
}
