/* THREADS threads call trapped() until the input ends, then the exact count is checked.
 * It says "r" when each of them has begun to. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

volatile unsigned long total;
static volatile int over;

__attribute__((noinline)) void trapped(void)
{
    __atomic_add_fetch(&total, 1, __ATOMIC_SEQ_CST);
}

static void *run(void *calls)
{
    while (!over) {
        trapped();
        ++*(unsigned long *)calls;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static unsigned long calls[64][8];
    int threads = argc > 1 ? atoi(argv[1]) : 2;
    pthread_t ids[64];
    for (int i = 0; i < threads; i++)
        pthread_create(&ids[i], NULL, run, calls[i]);
    for (int i = 0; i < threads; i++)
        while (__atomic_load_n(&calls[i][0], __ATOMIC_RELAXED) == 0)
            sched_yield();
    if (write(1, "r", 1) != 1)
        return 3;
    char byte;
    if (read(0, &byte, 1) < 0)
        return 4;
    over = 1;
    unsigned long sum = 0;
    for (int i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        sum += calls[i][0];
    }
    printf("%lu %lu\n", sum, total);
    return sum == total && sum > 0 ? 0 : 1;
}
