/* N threads call work() COUNT times each; the totals tell whether anything was lost. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

volatile unsigned long total;
static long per_thread;

__attribute__((noinline)) void work(long i)
{
    __atomic_add_fetch(&total, 1 + 0 * i, __ATOMIC_SEQ_CST);
}

static void *run(void *unused)
{
    for (long i = 0; i < per_thread; i++)
        work(i);
    return unused;
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    per_thread = argc > 2 ? atol(argv[2]) : 10;
    pthread_t ids[256];
    for (int i = 0; i < threads; i++)
        pthread_create(&ids[i], NULL, run, NULL);
    for (int i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    printf("%lu\n", total);
    return total == (unsigned long)threads * per_thread ? 0 : 1;
}
