/* Kernel messages, and the last one. */
#include "kernel.h"

static void put(char c, void *arg)
{
    (void)arg;
    tty_put(c);
}

void kprintf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    format(put, NULL, fmt, ap);
    va_end(ap);
}

/* The board's display says so too; then wait with interrupts off for ever. */
static void __attribute__((noreturn)) halted(void)
{
    board_display("PANIC!  ");
    kprintf("kernel halted\n");
    for (;;)
        __asm__ volatile("di\n\tehb\n\twait");
}

void panic(const char *fmt, ...)
{
    va_list ap;

    irq_disable();
    kprintf("\npanic: ");
    va_start(ap, fmt);
    format(put, NULL, fmt, ap);
    va_end(ap);
    kprintf("\ncaller 0x%08x, pid %d (%s)\n", (u32)__builtin_return_address(0), current->pid,
            current->name);
    halted();
}

void panic_frame(const struct trapframe *tf, const char *reason)
{
    static const char names[32][3] = {
        "zr", "at", "v0", "v1", "a0", "a1", "a2", "a3", "t0", "t1", "t2", "t3", "t4", "t5", "t6",
        "t7", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "t8", "t9", "k0", "k1", "gp", "sp",
        "fp", "ra"
    };

    kprintf("\npanic: %s\n", reason);
    kprintf("pid %d (%s), epc %08x cause %08x status %08x badvaddr %08x\n", current->pid,
            current->name, tf->epc, tf->cause, tf->status, tf->badvaddr);
    for (u32 i = 1; i < 32; i++)
        if (i != 26 && i != 27)
            kprintf("%s %08x%c", names[i], tf->r[i], i % 5 == 0 ? '\n' : ' ');
    kprintf("hi %08x lo %08x\n", tf->hi, tf->lo);
    halted();
}
