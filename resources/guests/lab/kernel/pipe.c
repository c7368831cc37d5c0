/* Pipes: a ring buffer with blocking ends. They live on the kernel heap, so
 * every byte passed goes through a TLB-mapped kernel address. */
#include "kernel.h"

#define PIPE_SIZE 512

struct pipe {
    u32 in, out, readers, writers;
    struct waitq changed;
    u8 data[PIPE_SIZE];
};

int pipe_create(struct file *read_end, struct file *write_end)
{
    struct pipe *p = kmalloc(sizeof *p);

    if (!p)
        return -ENOMEM;
    p->in = p->out = 0;
    p->readers = p->writers = 1;
    p->changed.first = NULL;
    *read_end = (struct file){ F_PIPE_READ, p };
    *write_end = (struct file){ F_PIPE_WRITE, p };
    return 0;
}

void pipe_share(struct file *f)
{
    if (f->kind == F_PIPE_READ)
        f->pipe->readers++;
    if (f->kind == F_PIPE_WRITE)
        f->pipe->writers++;
}

void pipe_close(struct file *f)
{
    struct pipe *p = f->pipe;

    if (f->kind == F_PIPE_READ)
        p->readers--;
    if (f->kind == F_PIPE_WRITE)
        p->writers--;
    if (f->kind == F_PIPE_READ || f->kind == F_PIPE_WRITE) {
        wake_all(&p->changed);
        if (!p->readers && !p->writers)
            kfree(p);
    }
    f->kind = F_NONE;
    f->pipe = NULL;
}

/* At least one byte, or 0 when nobody can write any more. */
int pipe_read(struct pipe *p, u32 address, u32 n)
{
    u32 got = 0;

    if (!n)
        return 0;
    while (p->in == p->out) {
        if (!p->writers)
            return 0;
        if (current->killed)
            return -EINTR;
        sleep_on(&p->changed);
    }
    while (got < n && p->in != p->out) {
        if (copy_out(address + got, &p->data[p->out % PIPE_SIZE], 1))
            return -EFAULT;
        p->out++;
        got++;
    }
    wake_all(&p->changed);
    return got;
}

int pipe_write(struct pipe *p, u32 address, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        while (p->in - p->out == PIPE_SIZE && p->readers) {
            if (current->killed)
                return -EINTR;
            wake_all(&p->changed);
            sleep_on(&p->changed);
        }
        if (!p->readers)
            return -EPIPE;
        if (copy_in(&p->data[p->in % PIPE_SIZE], address + i, 1))
            return -EFAULT;
        p->in++;
    }
    wake_all(&p->changed);
    return n;
}
