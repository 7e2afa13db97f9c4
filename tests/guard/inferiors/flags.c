/* Looks at its own flags as pushf saves them, in each of its forms; the status tells whether it has
 * seen the trap flag. */
unsigned long seen;

__attribute__((noinline, noclone)) void look(void)
{
    unsigned long wide;
    unsigned short narrow;
    __asm__ volatile(".globl wide_push\nwide_push: pushfq\n\tpopq %0" : "=r"(wide));
    __asm__ volatile(".globl narrow_push\nnarrow_push: pushfw\n\tpopw %0" : "=r"(narrow));
    __asm__ volatile(".globl looked\nlooked: nop");
    seen = (wide | narrow) >> 8 & 1;
}

int main(void)
{
    look();
    return (int)seen;
}
