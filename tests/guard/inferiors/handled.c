/* Calls spot() ROUNDS times; handles SIGUSR1, ignores SIGUSR2, and says what was done.  spot()
   is three instructions: one that is executed elsewhere when it is trapped, one more of them,
   and one that a debugger can do itself. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

volatile unsigned long first, second, handled;

__attribute__((noinline)) void on_signal(int number)
{
    (void)number;
    handled++;
}

__asm__(".globl spot, spot_second, spot_third\n"
        ".type spot, @function\n"
        "spot: lock incq first(%rip)\n"
        "spot_second: lock incq second(%rip)\n"
        "spot_third: mov $7, %eax\n"
        "ret\n");
int spot(void);

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    signal(SIGUSR1, on_signal);
    signal(SIGUSR2, SIG_IGN);
    int right = 1;
    for (unsigned long i = 0; i < rounds; i++)
        right &= spot() == 7;
    printf("%lu %lu %lu\n", first, second, handled);
    return right && first == rounds && second == rounds ? (int)handled : 100;
}
