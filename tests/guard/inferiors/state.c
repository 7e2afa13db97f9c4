/* Holds everything a thread can hold in registers across a call of stand(), and says whether it
   was all still there.  clobber() changes the same; a debugger makes it run in between. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

static int wide; /* the processor has AVX-512 */
static unsigned char before[64], after[64];

__attribute__((noinline)) void stand(void)
{
    __asm__ volatile("nop");
}

__attribute__((noinline)) void landing(void)
{
    __asm__ volatile("nop; nop");
}

__attribute__((noinline)) void clobber(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    unsigned control = 0x7f80;
    __asm__ volatile("ldmxcsr %0; fldpi; pxor %%xmm9, %%xmm9" : : "m"(control) : "xmm9");
    if (wide)
        __asm__ volatile(".byte 0x62,0xa1,0x75,0x40,0xef,0xc9\n" /* vpxord zmm17, zmm17, zmm17 */
                         ".byte 0xc5,0xe4,0x47,0xdb" /* kxorw k3, k3, k3 */
                         : : : "memory");
}

static unsigned hold_wide(unsigned mask)
{
    unsigned kept;
    __asm__ volatile(".byte 0x62,0xe1,0xfe,0x48,0x6f,0x0e\n" /* vmovdqu64 zmm17, [rsi] */
                     ".byte 0xc5,0xf8,0x92,0xd9\n"           /* kmovw k3, ecx */
                     "call stand\n"
                     ".byte 0x62,0xe1,0xfe,0x48,0x7f,0x0f\n" /* vmovdqu64 [rdi], zmm17 */
                     ".byte 0xc5,0xf8,0x93,0xc3\n"           /* kmovw eax, k3 */
                     : "=a"(kept) : "D"(after), "S"(before), "c"(mask) : "memory", "cc");
    return kept;
}

static unsigned hold_narrow(unsigned mask)
{
    __asm__ volatile("movdqu (%1), %%xmm9\n"
                     "call stand\n"
                     "movdqu %%xmm9, (%0)\n"
                     : : "D"(after), "S"(before) : "memory", "cc", "xmm9");
    return mask;
}

int main(void)
{
    wide = __builtin_cpu_supports("avx512f") != 0;
    int size = wide ? 64 : 16;
    for (int i = 0; i < size; i++)
        before[i] = 3 * i + 1;
    unsigned control = 0, still = 0;
    __asm__ volatile("stmxcsr %0" : "=m"(control));
    unsigned mask = wide ? hold_wide(0xa5a5) : hold_narrow(0xa5a5);
    __asm__ volatile("stmxcsr %0" : "=m"(still));
    sigset_t set;
    sigprocmask(SIG_BLOCK, NULL, &set);
    int same = memcmp(before, after, size) == 0 && mask == 0xa5a5 && control == still;
    clobber();
    landing();
    return same && !sigismember(&set, SIGUSR1) ? 0 : 1;
}
