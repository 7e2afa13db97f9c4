/* Calls trapped() so often that the guard binds the thread to a CPU, then does as argv[1] says:
 * makes a thread or a process, or replaces itself.  The status tells whether what came of it may
 * run where the program could at its start.  With "own" the thread chooses a CPU itself. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
volatile unsigned long total;
static cpu_set_t expected;
static char *self, *birth;

__attribute__((noinline)) void trapped(void)
{
    __atomic_add_fetch(&total, 1, __ATOMIC_SEQ_CST);
}

__attribute__((noinline)) void stand(void)
{
    __asm__ volatile("nop");
}

static int as_expected(void)
{
    cpu_set_t now;
    return sched_getaffinity(0, sizeof now, &now) == 0 && CPU_EQUAL(&now, &expected);
}

static void *check(void *unused)
{
    (void)unused;
    return as_expected() ? &total : NULL;
}

static int of_new_thread(void)
{
    pthread_t id;
    void *answer = NULL;
    pthread_create(&id, NULL, check, NULL);
    pthread_join(id, &answer);
    return answer != NULL;
}

static int of_child(pid_t child)
{
    int status;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void choose_a_cpu(void)
{
    cpu_set_t bound = expected;
    sched_getaffinity(0, sizeof bound, &bound);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &expected) && !CPU_ISSET(cpu, &bound)) {
            CPU_ZERO(&expected);
            CPU_SET(cpu, &expected);
            break;
        }
    sched_setaffinity(0, sizeof expected, &expected);
}

static void *run(void *unused)
{
    char mask[2 * sizeof expected + 1];
    for (size_t i = 0; i < sizeof expected; i++) {
        mask[2 * i] = 'a' + (((unsigned char *)&expected)[i] >> 4);
        mask[2 * i + 1] = 'a' + (((unsigned char *)&expected)[i] & 15);
    }
    mask[2 * sizeof expected] = 0;
    char *arguments[] = {self, "check", mask, NULL};
    for (int i = 0; i < 100; i++)
        trapped();
    int good = 0;
    pid_t child = -1;
    if (strcmp(birth, "thread") == 0) {
        good = of_new_thread();
    } else if (strcmp(birth, "fork") == 0) {
        if ((child = fork()) == 0)
            _exit(as_expected() ? 0 : 1);
        good = of_child(child);
    } else if (strcmp(birth, "vfork") == 0) {
        if ((child = vfork()) == 0) {
            execv(self, arguments);
            _exit(1);
        }
        good = of_child(child);
    } else if (strcmp(birth, "spawn") == 0) {
        posix_spawn(&child, self, NULL, NULL, arguments, environ);
        good = of_child(child);
    } else if (strcmp(birth, "own") == 0) {
        choose_a_cpu();
        for (int i = 0; i < 100; i++)
            trapped();
        good = of_new_thread();
        stand();
        good = good && as_expected();
    } else {
        execv(self, arguments);
    }
    exit(good ? 0 : 2);
    return unused;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 3;
    if (strcmp(argv[1], "check") == 0) {
        for (size_t i = 0; i < sizeof expected; i++)
            ((unsigned char *)&expected)[i] =
                (argv[2][2 * i] - 'a') << 4 | (argv[2][2 * i + 1] - 'a');
        return as_expected() ? 0 : 1;
    }
    self = argv[0];
    birth = argv[1];
    sched_getaffinity(0, sizeof expected, &expected);
    if (strcmp(birth, "exec-by-thread") != 0)
        run(NULL);
    pthread_t id;
    pthread_create(&id, NULL, run, NULL);
    pthread_join(id, NULL);
    return 4;
}
