/*
 * What a user program and the kernel agree on: system call numbers, error
 * numbers, reasons for being killed, and the structures filled in by the
 * kernel. A call has its number in v0 and arguments in a0-a3; the result is
 * in v0, negative for an error.
 */
#ifndef LAB_ABI_H
#define LAB_ABI_H

enum syscall_number {
    SYS_exit = 1, SYS_fork, SYS_exec, SYS_wait, SYS_getpid, SYS_kill,
    SYS_sbrk, SYS_yield, SYS_sleep, SYS_read, SYS_write, SYS_pipe, SYS_close,
    SYS_setgroup, SYS_setforeground, SYS_procinfo, SYS_sysinfo, SYS_asid,
    SYS_tlbdump, SYS_vmtest, SYS_count, SYS_cmdline, SYS_halt, SYS_panic,
    SYS_limit
};

#define EPERM   1
#define ENOENT  2
#define ESRCH   3
#define EINTR   4
#define EBADF   9
#define ECHILD 10
#define EAGAIN 11
#define ENOMEM 12
#define EFAULT 14
#define EINVAL 22
#define EPIPE  32
#define ENOSYS 38

/* wait status: exit code in bits 7:0, reason in bits 15:8. */
enum kill_reason {
    KILL_NONE,          /* left by itself */
    KILL_REQUEST,       /* kill() or Ctrl-C */
    KILL_READ,          /* read of an unmapped address */
    KILL_WRITE,         /* write to an unmapped address */
    KILL_READONLY,      /* write to a read-only page */
    KILL_UNALIGNED,
    KILL_KERNEL_SPACE,  /* address of the kernel used by a user */
    KILL_ILLEGAL,
    KILL_BREAK,
    KILL_TRAP,
    KILL_OVERFLOW,
    KILL_COPROCESSOR,
    KILL_MEMORY,        /* no page left to give */
    KILL_BUS,
    KILL_REASONS
};
#define STATUS(reason, code)  (((reason) << 8) | ((code) & 0xff))
#define STATUS_REASON(s)      (((s) >> 8) & 0xff)
#define STATUS_CODE(s)        ((s) & 0xff)

#define WAIT_ANY     (-1)
#define WAIT_NOHANG  1

#define NAME_MAX 16
#define ARG_MAX  16
#define ARG_BYTES 1024

enum proc_state { P_FREE, P_READY, P_RUNNING, P_SLEEPING, P_ZOMBIE };

struct procinfo {
    int pid, parent, state;
    int asid;                 /* -1: none in the present generation */
    unsigned pages, ticks;
    char name[NAME_MAX];
};

struct sysinfo {
    unsigned ticks, count_hz;
    unsigned pages_total, pages_free, kernel_heap;
    unsigned switches, forks, syscalls, interrupts;
    unsigned zero_fills, zero_maps, cow_copies, cow_reuses, modified_faults, page_faults;
    unsigned asid_generation, asid_next, asid_allocated, asid_rollovers;
    unsigned tlb_entries;
};

struct vmtest {
    unsigned address, pages, bad;
};

#endif
