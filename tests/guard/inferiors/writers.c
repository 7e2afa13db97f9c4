/* Short-lived threads each write one cell once. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

volatile unsigned long cell;

static void *run(void *value)
{
    cell = (unsigned long)value;
    return NULL;
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 10;
    for (long i = 1; i <= threads; i++) {
        pthread_t id;
        pthread_create(&id, NULL, run, (void *)i);
        pthread_join(id, NULL);
    }
    return cell == (unsigned long)threads ? 0 : 1;
}
