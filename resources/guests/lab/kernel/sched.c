/*
 * Round-robin scheduling: a queue of ready processes, wait queues for those
 * that sleep, and the idle loop when there is nobody. A process gives up the
 * processor by sleeping or, at the tick, on its way back to user mode.
 */
#include "kernel.h"

u32 kernel_sp, need_resched;

static struct waitq ready, sleepers;

static void append(struct waitq *q, struct proc *p)
{
    struct proc **at = &q->first;

    while (*at)
        at = &(*at)->next;
    *at = p;
    p->next = NULL;
}

void make_ready(struct proc *p)
{
    p->state = P_READY;
    p->sleeping_on = NULL;
    append(&ready, p);
    if (current == &procs[0])
        need_resched = 1;
}

void schedule(void)
{
    struct proc *before = current, *next;

    need_resched = 0;
    if (before == &procs[0])
        before->state = P_READY;        /* but never on the queue */
    else if (before->state == P_RUNNING)
        make_ready(before);
    next = ready.first;
    if (next)
        ready.first = next->next;
    else
        next = &procs[0];
    next->state = P_RUNNING;
    if (next == before)
        return;
    current = next;
    kernel_sp = next->stack_top;
    if (next->mm)
        switch_mm(next->mm);
    counters.switches++;
    switch_context(&before->context, &next->context);
}

void sleep_on(struct waitq *q)
{
    current->state = P_SLEEPING;
    current->sleeping_on = q;
    append(q, current);
    schedule();
}

void wake_all(struct waitq *q)
{
    while (q->first) {
        struct proc *p = q->first;
        q->first = p->next;
        make_ready(p);
    }
}

/* Take a sleeping process off its wait queue. */
void unqueue(struct proc *p)
{
    struct proc **at = &p->sleeping_on->first;

    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
}

void sleep_until(u32 tick)
{
    current->wake_tick = tick;
    while ((s32)(tick - ticks) > 0 && !current->killed)
        sleep_on(&sleepers);
}

void wake_sleepers(void)
{
    struct proc *p = sleepers.first, *next;

    for (; p; p = next) {
        next = p->next;
        if ((s32)(p->wake_tick - ticks) <= 0) {
            unqueue(p);
            make_ready(p);
        }
    }
}

/* Let pending interrupts in, in the midst of long kernel work. */
void irq_window(void)
{
    irq_enable();
    irq_disable();
}

void idle_loop(void)
{
    for (;;) {
        while (!ready.first) {
            need_resched = 0;
            irq_enable();
            idle_wait();
            irq_disable();
        }
        schedule();
    }
}
