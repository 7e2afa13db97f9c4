/* The leader ends first; a thread says so, works and ends the process. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

volatile unsigned long total;

__attribute__((noinline)) void trapped(void)
{
    __atomic_add_fetch(&total, 1, __ATOMIC_SEQ_CST);
}

static void *run(void *leader)
{
    pthread_join(*(pthread_t *)leader, NULL);
    char byte;
    if (write(1, "r", 1) != 1 || read(0, &byte, 1) != 1)
        _exit(3);
    for (int i = 0; i < 5; i++)
        trapped();
    _exit(total == 5 ? 9 : 1);
}

static pthread_t leader;

int main(void)
{
    pthread_t id;
    leader = pthread_self();
    pthread_create(&id, NULL, run, &leader);
    pthread_exit(NULL);
}
