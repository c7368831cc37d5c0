/* System calls: number in v0, arguments in a0-a3, result in v0. */
#include "kernel.h"

static int sys_sbrk(s32 bytes)
{
    struct area *heap = &current->mm->area[AREA_HEAP];
    u32 old = heap->end, end = old + (u32)bytes;

    if (end < heap->start || end > STACK_TOP - STACK_SIZE - PAGE_SIZE)
        return -ENOMEM;
    if (bytes < 0 && end > old)
        return -EINVAL;
    if (end < old)
        mm_shrink_heap(current->mm, end);
    else
        heap->end = end;
    return old;
}

static struct file *file_of(u32 number)
{
    return number < FILES && current->file[number].kind ? &current->file[number] : NULL;
}

static int sys_read(u32 number, u32 address, u32 n)
{
    struct file *f = file_of(number);

    if (f && f->kind == F_TTY)
        return tty_read(address, n);
    if (f && f->kind == F_PIPE_READ)
        return pipe_read(f->pipe, address, n);
    return -EBADF;
}

static int sys_write(u32 number, u32 address, u32 n)
{
    struct file *f = file_of(number);

    if (f && f->kind == F_TTY)
        return tty_write(address, n);
    if (f && f->kind == F_PIPE_WRITE)
        return pipe_write(f->pipe, address, n);
    return -EBADF;
}

static int sys_pipe(u32 address)
{
    u32 ends[2], found = 0;
    int error;

    for (u32 i = 0; i < FILES && found < 2; i++)
        if (!current->file[i].kind)
            ends[found++] = i;
    if (found < 2)
        return -EAGAIN;
    error = pipe_create(&current->file[ends[0]], &current->file[ends[1]]);
    if (!error && copy_out(address, ends, sizeof ends)) {
        pipe_close(&current->file[ends[0]]);
        pipe_close(&current->file[ends[1]]);
        error = -EFAULT;
    }
    return error;
}

static int sys_close(u32 number)
{
    struct file *f = file_of(number);

    if (!f)
        return -EBADF;
    pipe_close(f);
    return 0;
}

static int sys_procinfo(u32 slot, u32 address)
{
    struct procinfo info;
    int found = proc_info(slot, &info);

    return found == 1 && copy_out(address, &info, sizeof info) ? -EFAULT : found;
}

static int sys_sysinfo(u32 address)
{
    struct sysinfo info = counters;

    info.ticks = ticks;
    info.count_hz = COUNT_HZ;
    info.pages_total = pages_total;
    info.pages_free = pages_free;
    info.kernel_heap = kheap_pages;
    info.asid_generation = asid_cache >> 8;
    info.asid_next = (asid_cache & 0xff) + 1;
    info.tlb_entries = tlb_entries;
    return copy_out(address, &info, sizeof info);
}

/*
 * Map pages at kernel addresses, write a pattern through the mapping, then
 * look for it both there and at the pages' own kseg0 addresses.
 */
static int sys_vmtest(u32 pages, u32 address)
{
    struct vmtest result = { 0, pages, 0 };
    u32 base;

    if (!pages)
        return -EINVAL;
    result.address = base = (u32)vmalloc(pages);
    if (!base)
        return -ENOMEM;
    for (u32 va = base; va < base + pages * PAGE_SIZE; va += 64) {
        *(u32 *)va = va * 2654435761u;
        if (!(va & 0xffff))
            irq_window();
    }
    for (u32 va = base; va < base + pages * PAGE_SIZE; va += 64) {
        u32 *alias = VA(PTE_PA(*kernel_pte(va)) | (va & (PAGE_SIZE - 1)));
        result.bad += *(u32 *)va != va * 2654435761u || *alias != va * 2654435761u;
        if (!(va & 0xffff))
            irq_window();
    }
    vfree((void *)base);
    return copy_out(address, &result, sizeof result);
}

static int sys_cmdline(u32 address, u32 n)
{
    const char *s = boot_run_option();
    u32 length = strlen(s) + 1;

    return length > n ? -EINVAL : copy_out(address, s, length);
}

static u32 ticks_of(u32 ms)
{
    u32 per_tick = 1000 / TICK_HZ;

    return ms / per_tick + (ms % per_tick != 0);
}

static void sys_halt(void)
{
    kprintf("lab: power off\n");
    board_power_off();
}

/* Fail on request, or the way a bad pointer in the kernel would. */
static void sys_panic(u32 by_fault)
{
    if (by_fault)
        *(volatile u32 *)(KSEG2 + KMAP_SIZE) = by_fault;
    panic("asked for by pid %d", current->pid);
}

void do_syscall(struct trapframe *tf)
{
    u32 number = tf->r[R_V0], a0 = tf->r[R_A0], a1 = tf->r[R_A1], a2 = tf->r[R_A2];
    int result = 0;

    counters.syscalls++;
    tf->epc += 4;       /* the library never puts one in a delay slot */
    switch (number) {
    case SYS_exit:      proc_exit(STATUS(KILL_NONE, a0));
    case SYS_fork:      result = proc_fork(tf); break;
    case SYS_wait:      result = proc_wait(a0, a1, a2); break;
    case SYS_getpid:    result = current->pid; break;
    case SYS_kill:      result = proc_kill(a0); break;
    case SYS_sbrk:      result = sys_sbrk(a0); break;
    case SYS_yield:     schedule(); break;
    case SYS_sleep:     sleep_until(ticks + ticks_of(a0)); break;
    case SYS_read:      result = sys_read(a0, a1, a2); break;
    case SYS_write:     result = sys_write(a0, a1, a2); break;
    case SYS_pipe:      result = sys_pipe(a0); break;
    case SYS_close:     result = sys_close(a0); break;
    case SYS_setgroup:  current->group = current->pid; break;
    case SYS_setforeground: foreground_group = a0; break;
    case SYS_procinfo:  result = sys_procinfo(a0, a1); break;
    case SYS_sysinfo:   result = sys_sysinfo(a0); break;
    case SYS_asid:      asid_renew(current->mm); result = asid_cache >> 8; break;
    case SYS_tlbdump:   tlb_dump(); break;
    case SYS_vmtest:    result = sys_vmtest(a0, a1); break;
    case SYS_count:     result = read_count(); break;
    case SYS_cmdline:   result = sys_cmdline(a0, a1); break;
    case SYS_halt:      sys_halt(); break;
    case SYS_panic:     sys_panic(a0); break;
    case SYS_exec:
        result = exec_arguments(a0, tf);
        if (!result)
            return;     /* the frame is the new program's */
        break;
    default:            result = -ENOSYS; break;
    }
    tf->r[R_V0] = result;
}
