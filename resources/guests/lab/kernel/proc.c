/* Processes: creation, end, waiting, killing. Slot 0 is the idle loop. */
#include "kernel.h"

struct proc procs[PROCS], *current = &procs[0];
int foreground_group;

/* kernel/switch.S: not zeroed at start, as no stack needs that */
extern u8 process_stacks[PROCS][KSTACK_SIZE];
static int last_pid;

static int pid_taken(int pid)
{
    for (u32 i = 1; i < PROCS; i++)
        if (procs[i].state != P_FREE && procs[i].pid == pid)
            return 1;
    return 0;
}

void proc_init(void)
{
    procs[0].state = P_RUNNING;
    strncpy0(procs[0].name, "idle", NAME_MAX);
}

static struct proc *proc_new(void)
{
    struct proc *p;

    for (p = &procs[1]; p->state != P_FREE; p++)
        if (p == &procs[PROCS - 1])
            return NULL;
    memset(p, 0, sizeof *p);
    do
        last_pid = last_pid % 30000 + 1;
    while (pid_taken(last_pid));
    p->pid = last_pid;
    p->parent = current;
    p->stack_top = (u32)process_stacks[p - procs] + KSTACK_SIZE;
    return p;
}

/* The frame its first switch_context() will find, leading to user space. */
static struct trapframe *first_frame(struct proc *p)
{
    struct trapframe *tf = (struct trapframe *)(p->stack_top - TF_SIZE);

    p->context.sp = (u32)tf;
    p->context.ra = (u32)resume_userspace;
    return tf;
}

void proc_start_init(void)
{
    struct proc *p = proc_new();

    p->parent = &procs[0];
    for (u32 i = 0; i < 3; i++)
        p->file[i].kind = F_TTY;
    if (exec_program(p, "init", 1, 5, first_frame(p)))
        panic("cannot start init");
    make_ready(p);
}

int proc_fork(struct trapframe *tf)
{
    struct proc *p = proc_new();
    struct trapframe *child;

    if (!p)
        return -EAGAIN;
    p->mm = mm_fork(current->mm);
    if (!p->mm)
        return -ENOMEM;
    child = first_frame(p);
    *child = *tf;
    child->r[R_V0] = 0;
    p->group = current->group;
    strncpy0(p->name, current->name, NAME_MAX);
    for (u32 i = 0; i < FILES; i++) {
        p->file[i] = current->file[i];
        pipe_share(&p->file[i]);
    }
    counters.forks++;
    make_ready(p);
    return p->pid;
}

void proc_exit(u32 status)
{
    struct proc *me = current;
    struct mm *mm = me->mm;

    if (me->pid == 1)
        panic("init ended with status 0x%x", status);
    for (u32 i = 0; i < FILES; i++)
        pipe_close(&me->file[i]);
    me->mm = NULL;
    mm_destroy(mm);
    for (u32 i = 1; i < PROCS; i++)
        if (procs[i].state != P_FREE && procs[i].parent == me) {
            procs[i].parent = &procs[1];
            wake_all(&procs[1].child_left);
        }
    if (foreground_group == me->pid)
        foreground_group = 0;
    me->status = status;
    me->state = P_ZOMBIE;
    wake_all(&me->parent->child_left);
    schedule();
    panic("a zombie ran");
}

int proc_wait(int pid, u32 status_address, u32 options)
{
    for (;;) {
        int children = 0;
        for (u32 i = 1; i < PROCS; i++) {
            struct proc *p = &procs[i];
            if (p->state == P_FREE || p->parent != current || (pid != WAIT_ANY && p->pid != pid))
                continue;
            children++;
            if (p->state != P_ZOMBIE)
                continue;
            if (status_address && copy_out(status_address, &p->status, 4))
                return -EFAULT;
            p->state = P_FREE;
            return p->pid;
        }
        if (!children)
            return -ECHILD;
        if (options & WAIT_NOHANG)
            return 0;
        if (current->killed)
            return -EINTR;
        sleep_on(&current->child_left);
    }
}

static void kill(struct proc *p)
{
    if (!p->killed)
        p->killed = KILL_REQUEST;
    if (p->state == P_SLEEPING) {
        unqueue(p);
        make_ready(p);
    }
}

int proc_kill(int pid)
{
    if (pid == 1)
        return -EPERM;
    for (u32 i = 1; i < PROCS; i++)
        if (procs[i].pid == pid && procs[i].state != P_FREE && procs[i].state != P_ZOMBIE) {
            kill(&procs[i]);
            return 0;
        }
    return -ESRCH;
}

void proc_kill_group(int group)
{
    for (u32 i = 1; i < PROCS; i++)
        if (procs[i].group == group && procs[i].state != P_FREE && procs[i].state != P_ZOMBIE)
            kill(&procs[i]);
}

/* The process in a slot; 0 if the slot is free, -EINVAL beyond the last. */
int proc_info(u32 slot, struct procinfo *info)
{
    struct proc *p = &procs[slot];

    if (slot >= PROCS)
        return -EINVAL;
    if (p->state == P_FREE)
        return 0;
    info->pid = p->pid;
    info->parent = p->parent ? p->parent->pid : 0;
    info->state = p->state;
    info->asid = p->mm ? asid_current(p->mm) : -1;
    info->pages = p->mm ? p->mm->pages : 0;
    info->ticks = p->ticks;
    strncpy0(info->name, p->name, NAME_MAX);
    return 1;
}
