/* Forks children that run trapped() and end well, one after the other, until it is killed. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

volatile unsigned long total;

__attribute__((noinline)) void trapped(void)
{
    __atomic_add_fetch(&total, 1, __ATOMIC_SEQ_CST);
}

int main(void)
{
    if (write(1, "r", 1) != 1)
        return 3;
    for (;;) {
        pid_t child = fork();
        if (child == 0) {
            trapped();
            _exit(7);
        }
        waitpid(child, 0, 0);
    }
}
