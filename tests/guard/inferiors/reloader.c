/* Loads a library, calls a function of it and unloads it again, COUNT times. */
#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>

void *volatile function;

__attribute__((noinline)) void loaded(void)
{
    __asm__ volatile("nop");
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 1;
    double total = 0;
    for (int i = 0; i < rounds; i++) {
        void *library = dlopen("libm.so.6", RTLD_NOW);
        if (library == NULL)
            return 3;
        function = dlsym(library, "fabs");
        loaded();
        total += ((double (*)(double))function)(-2.0);
        dlclose(library);
    }
    return total == 2.0 * rounds ? 0 : 1;
}
