/* Sends itself COUNT queued signals with payloads while it runs a function; all must come
   once and in order.  With "wait" it only waits for one SIGTERM and says so. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

volatile unsigned long total;
static volatile long expected;
static volatile long disorder;
static volatile int terminated;

__attribute__((noinline)) void trapped(void)
{
    __atomic_add_fetch(&total, 1, __ATOMIC_SEQ_CST);
}

static void on_queued(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    if (info->si_code != SI_QUEUE || info->si_value.sival_int != expected)
        disorder++;
    expected++;
}

static void on_term(int signal)
{
    (void)signal;
    terminated++;
}

static void *send(void *count)
{
    union sigval value;
    for (long i = 0; i < (long)count; i++) {
        value.sival_int = (int)i;
        while (sigqueue(getpid(), SIGRTMIN, value) != 0)
            usleep(100);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    if (argc > 1 && strcmp(argv[1], "wait") == 0) {
        action.sa_handler = on_term;
        sigaction(SIGTERM, &action, NULL);
        if (write(1, "r", 1) != 1)
            return 3;
        while (!terminated)
            trapped();
        return terminated == 1 ? 42 : 1;
    }
    long count = argc > 1 ? atol(argv[1]) : 10;
    action.sa_sigaction = on_queued;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaction(SIGRTMIN, &action, NULL);
    pthread_t id;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_create(&id, NULL, send, (void *)count);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    unsigned long calls = 0;
    while (expected < count) {
        trapped();
        calls++;
    }
    pthread_join(id, NULL);
    printf("%ld %ld %lu %lu\n", (long)expected, (long)disorder, calls, (unsigned long)total);
    return expected == count && disorder == 0 && calls == total ? 0 : 1;
}
