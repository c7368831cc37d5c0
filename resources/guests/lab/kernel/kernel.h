/*
 * The kernel's own types and functions, by file.
 *
 * One rule keeps it simple: kernel code runs with interrupts disabled. They
 * are open only in user mode, in the idle loop and in irq_window(), which
 * long operations call now and then. So nothing here needs a lock.
 */
#ifndef LAB_KERNEL_H
#define LAB_KERNEL_H

#include "abi.h"
#include "cp0.h"
#include "layout.h"
#include "types.h"

#define VERSION "1.0"

struct trapframe {
    u32 argument_area[4];
    u32 r[32];
    u32 hi, lo, epc, status, cause, badvaddr;
};
enum { R_V0 = 2, R_A0 = 4, R_A1, R_A2, R_A3, R_SP = 29, R_RA = 31 };

/* boot.c */
extern u32 boot_memory;
extern char boot_command_line[256];
extern int boot_quiet;
void boot_read_arguments(u32 argc, u32 argv, u32 envp, u32 ramsize);
const char *boot_run_option(void);

/* print.c */
void kprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void panic(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void panic_frame(const struct trapframe *tf, const char *reason) __attribute__((noreturn));

/* page.c: physical pages, addressed by their kseg0 address */
extern u32 pages_total, pages_free;
void page_init(void);
void *page_alloc(void);
void *page_alloc_zeroed(void);
void page_share(u32 pa);
void page_put(u32 pa);
u32 page_shares(u32 pa);
#define PA(va)   ((u32)(va) & 0x1fffffff)
#define VA(pa)   ((void *)((pa) | KSEG0))

/*
 * A page table entry is the physical address of the page with EntryLo's flag
 * bits above six bits for software, so the refill handler gets EntryLo by one
 * shift. A page that is valid but not dirty is either read-only or waiting
 * for copy-on-write; its area tells which.
 */
#define PTE_G      (1u << 6)
#define PTE_V      (1u << 7)
#define PTE_D      (1u << 8)
#define PTE_CACHED (3u << 9)
#define PTE_FLAGS  0xfffu
#define PTE_PA(pte) ((pte) & ~PTE_FLAGS)
#define PTE_LO_SHIFT 6
#define TABLE_SLOTS 1024
#define USER_SLOTS (USER_LIMIT >> 22)

enum area_kind { AREA_TEXT, AREA_DATA, AREA_HEAP, AREA_STACK, AREAS };
struct area {
    u32 start, end;
    int writable;
};
struct mm {
    u32 **pgd;
    u32 asid;          /* generation << 8 | asid */
    u32 pages;         /* user pages mapped */
    struct area area[AREAS];
};

/* vm.c: user address spaces */
extern struct sysinfo counters;
extern u32 **current_pgd, **kernel_pgd;
void vm_init(void);
struct mm *mm_create(void);
struct mm *mm_fork(struct mm *from);
void mm_destroy(struct mm *mm);
int mm_map(struct mm *mm, u32 va, u32 pa, u32 flags);
void mm_shrink_heap(struct mm *mm, u32 end);
int vm_fault(struct mm *mm, u32 va, int write);
u32 *kernel_pte(u32 va);

/* asid.c */
extern u32 asid_cache;
void asid_renew(struct mm *mm);
void switch_mm(struct mm *mm);
int asid_current(const struct mm *mm);

/* tlb.c */
extern u32 tlb_entries;
void tlb_init(void);
void tlb_flush_all(void);
void tlb_flush_pair(u32 va, u32 asid);
void tlb_update_pair(u32 va, u32 asid, u32 pte0, u32 pte1);
void tlb_dump(void);

/* kmap.c: the TLB-mapped kernel segment */
void *vmalloc(u32 pages);
void vfree(void *address);
void *kmalloc(u32 bytes);
void kfree(void *p);
void kmalloc_init(void);
extern u32 kheap_pages;

/* proc.c and sched.c */
struct proc;
struct waitq {
    struct proc *first;
};
struct pipe;
enum file_kind { F_NONE, F_TTY, F_PIPE_READ, F_PIPE_WRITE };
struct file {
    int kind;
    struct pipe *pipe;
};
#define FILES 8
struct context {
    u32 s[8], fp, sp, ra;
};
struct proc {
    struct context context;
    u32 stack_top;
    int pid, state, group;
    struct proc *parent;
    struct mm *mm;
    struct proc *next;          /* on the run queue or in a wait queue */
    struct waitq *sleeping_on;
    struct waitq child_left;
    u32 wake_tick;
    u32 status;                 /* for wait() */
    u32 killed;                 /* reason, acted on before user code goes on */
    u32 ticks;
    struct file file[FILES];
    char name[NAME_MAX];
};
extern struct proc procs[PROCS], *current;
extern u32 kernel_sp, need_resched;
extern int foreground_group;

void proc_init(void);
void proc_start_init(void);
int proc_fork(struct trapframe *tf);
int proc_wait(int pid, u32 status_address, u32 options);
int proc_kill(int pid);
void proc_kill_group(int group);
void proc_exit(u32 status) __attribute__((noreturn));
int proc_info(u32 slot, struct procinfo *info);

void make_ready(struct proc *p);
void schedule(void);
void sleep_on(struct waitq *q);
void wake_all(struct waitq *q);
void unqueue(struct proc *p);
void sleep_until(u32 tick);
void wake_sleepers(void);
void idle_loop(void) __attribute__((noreturn));
void irq_window(void);

/* exec.c */
int exec_program(struct proc *p, const char *args, u32 argc, u32 bytes, struct trapframe *tf);
int exec_arguments(u32 argv, struct trapframe *tf);

/* pipe.c */
int pipe_create(struct file *read_end, struct file *write_end);
void pipe_share(struct file *f);
void pipe_close(struct file *f);
int pipe_read(struct pipe *p, u32 address, u32 n);
int pipe_write(struct pipe *p, u32 address, u32 n);

/* tty.c */
void tty_init(void);
void tty_put(char c);
void tty_interrupt(void);
int tty_read(u32 address, u32 n);
int tty_write(u32 address, u32 n);

/* board.c */
void board_init(void);
void board_display(const char *text);
void board_interrupt(void);
void board_power_off(void) __attribute__((noreturn));

/* timer.c */
extern u32 ticks;
void timer_init(void);
void timer_interrupt(void);

/* trap.c and syscall.c */
void trap_init(void);
void do_syscall(struct trapframe *tf);
void resume_checks(void);

/* usercopy.c: user addresses are plain numbers until checked here */
int copy_in(void *dst, u32 src, u32 n);
int copy_out(u32 dst, const void *src, u32 n);
int copy_in_string(char *dst, u32 src, u32 size);

/* switch.S, entry.S */
void switch_context(struct context *from, struct context *to);
void resume_userspace(void);
int copy_user_bytes(void *dst, const void *src, u32 n);
void idle_wait(void);
extern char copy_user_end[], copy_user_fault[], idle_wait_end[];
void flush_icache_range(void *start, u32 bytes);

/* device registers; devices are little endian and reached uncached */
static inline void out8(u32 phys, u8 v) { *(volatile u8 *)(IO_BASE | phys) = v; }
static inline u8 in8(u32 phys) { return *(volatile u8 *)(IO_BASE | phys); }

#endif
