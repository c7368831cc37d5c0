/*
 * Exceptions in C: what a user program may recover from (page faults), what
 * it dies of, and what the kernel itself dies of. Codes are Cause.ExcCode of
 * the PRA.
 */
#include "kernel.h"

extern char tlb_refill_handler[], tlb_refill_end[], vector_general[], vector_interrupt[], vector_end[];

static void place(u32 address, const char *from, const char *to)
{
    memcpy((void *)address, from, to - from);
    flush_icache_range((void *)address, to - from);
}

/* Vectors at the start of kseg0, then leave the boot vectors (BEV). */
void trap_init(void)
{
    place(KSEG0, tlb_refill_handler, tlb_refill_end);
    place(KSEG0 + 0x180, vector_general, vector_interrupt);
    place(KSEG0 + 0x200, vector_interrupt, vector_end);
    write_ebase(KSEG0);
    write_cause(CAUSE_IV);
    write_hwrena(0);
    write_status(ST_IM7 | ST_IM2);
    ehb();
}

/* On the way back to user mode: die if told to, give way if it is time. */
void resume_checks(void)
{
    while (need_resched || current->killed) {
        if (current->killed)
            proc_exit(STATUS(current->killed, 0));
        schedule();
    }
}

void handle_interrupt(struct trapframe *tf)
{
    u32 pending = tf->cause & tf->status;

    counters.interrupts++;
    if (pending & CAUSE_IP7)
        timer_interrupt();
    if (pending & CAUSE_IP2)
        board_interrupt();
    if (tf->status & ST_UM)
        resume_checks();
    else if (tf->epc >= (u32)idle_wait && tf->epc < (u32)idle_wait_end)
        tf->epc = (u32)idle_wait;
}

static const char *const reason_text[KILL_REASONS] = {
    [KILL_READ] = "read of unmapped address",
    [KILL_WRITE] = "write to unmapped address",
    [KILL_READONLY] = "write to read-only page",
    [KILL_UNALIGNED] = "unaligned access",
    [KILL_KERNEL_SPACE] = "access to kernel space",
    [KILL_ILLEGAL] = "undefined instruction",
    [KILL_BREAK] = "breakpoint",
    [KILL_TRAP] = "trap instruction",
    [KILL_OVERFLOW] = "integer overflow",
    [KILL_COPROCESSOR] = "coprocessor unusable",
    [KILL_MEMORY] = "out of memory",
    [KILL_BUS] = "bus error",
};

static void kill_current(struct trapframe *tf, u32 reason, int has_address)
{
    current->killed = reason;
    kprintf("kernel: pid %d (%s) killed: %s", current->pid, current->name, reason_text[reason]);
    if (has_address)
        kprintf(" 0x%08x", tf->badvaddr);
    kprintf(", pc 0x%08x\n", tf->epc);
}

/* TLB invalid, Modified, and refills inside an exception. */
static void do_page_fault(struct trapframe *tf, int code)
{
    u32 va = tf->badvaddr;
    int user = (tf->status & ST_UM) != 0, reason = KILL_KERNEL_SPACE;
    int copying = tf->epc >= (u32)copy_user_bytes && tf->epc < (u32)copy_user_end;

    if (code == EXC_MOD)
        counters.modified_faults++;
    if (!user && (va >= USER_LIMIT || !copying || !current->mm))
        panic_frame(tf, "kernel page fault");
    if (va < USER_LIMIT)
        reason = vm_fault(current->mm, va, code != EXC_TLBL);
    if (!reason)
        return;
    if (user)
        kill_current(tf, reason, 1);
    else
        tf->epc = (u32)copy_user_fault;
}

static void do_address_error(struct trapframe *tf)
{
    kill_current(tf, tf->badvaddr >= USER_LIMIT ? KILL_KERNEL_SPACE : KILL_UNALIGNED, 1);
}

void handle_exception(struct trapframe *tf)
{
    static const char *const names[32] = {
        [EXC_MOD] = "TLB Modified", [EXC_TLBL] = "TLB load", [EXC_TLBS] = "TLB store",
        [EXC_ADEL] = "address error on load", [EXC_ADES] = "address error on store",
        [EXC_IBE] = "bus error on fetch", [EXC_DBE] = "bus error on data",
        [EXC_SYS] = "syscall in kernel", [EXC_BP] = "break in kernel",
        [EXC_RI] = "reserved instruction", [EXC_CPU] = "coprocessor unusable",
        [EXC_OV] = "integer overflow", [EXC_TR] = "trap in kernel",
    };
    u32 code = tf->cause >> 2 & 31;

    if (code == EXC_MOD || code == EXC_TLBL || code == EXC_TLBS) {
        do_page_fault(tf, code);
    } else if (!(tf->status & ST_UM)) {
        panic_frame(tf, names[code] ? names[code] : "unexpected exception");
    } else {
        switch (code) {
        case EXC_SYS:
            do_syscall(tf);
            break;
        case EXC_ADEL:
        case EXC_ADES:
            do_address_error(tf);
            break;
        case EXC_IBE:
        case EXC_DBE:
            kill_current(tf, KILL_BUS, 0);
            break;
        case EXC_BP:
            kill_current(tf, KILL_BREAK, 0);
            break;
        case EXC_CPU:
            kill_current(tf, KILL_COPROCESSOR, 0);
            break;
        case EXC_OV:
            kill_current(tf, KILL_OVERFLOW, 0);
            break;
        case EXC_TR:
            kill_current(tf, KILL_TRAP, 0);
            break;
        default:
            kill_current(tf, KILL_ILLEGAL, 0);
            break;
        }
    }
    if (tf->status & ST_UM)
        resume_checks();
}
