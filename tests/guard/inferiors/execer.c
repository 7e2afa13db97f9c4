/* Replaces itself from a thread that is not the leader, with siblings busy, COUNT times. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char *self;
static int left;

__attribute__((noinline)) void trapped(void)
{
    __asm__ volatile("" ::: "memory");
}

static void *busy(void *unused)
{
    for (;;)
        trapped();
    return unused;
}

static void *replace(void *unused)
{
    char text[16];
    snprintf(text, sizeof text, "%d", left - 1);
    execl(self, self, text, (char *)0);
    return unused;
}

int main(int argc, char **argv)
{
    self = argv[0];
    left = argc > 1 ? atoi(argv[1]) : 0;
    if (left == 0)
        return 7;
    pthread_t id;
    for (int i = 0; i < 8; i++)
        pthread_create(&id, NULL, busy, NULL);
    pthread_create(&id, NULL, replace, NULL);
    pthread_join(id, NULL);
    return 1;
}
