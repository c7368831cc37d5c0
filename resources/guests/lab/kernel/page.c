/*
 * Physical pages. Freed pages form a list through their first words; pages
 * never used yet are taken in order from a mark, so starting up touches no
 * memory. Each page has a count of the mappings that share it. Frames below
 * the first allocatable one (the kernel and the program image in it) are not
 * counted: sharing them is free and putting them does nothing.
 */
#include "kernel.h"

u32 pages_total, pages_free;

extern char __kernel_end[];
static u16 *shares;             /* indexed by frame number - first_frame */
static u32 first_frame, fresh_frame, end_frame;
static u32 *free_list;

void page_init(void)
{
    u32 table = PA(__kernel_end);
    u32 bytes = (boot_memory >> PAGE_SHIFT) * sizeof *shares;

    shares = VA(table);
    first_frame = fresh_frame = (table + bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
    end_frame = boot_memory >> PAGE_SHIFT;
    if (end_frame < first_frame + 256)
        panic("only %u KiB of memory", boot_memory >> 10);
    pages_total = pages_free = end_frame - first_frame;
}

void *page_alloc(void)
{
    u32 *page;

    if (free_list) {
        page = free_list;
        free_list = (u32 *)page[0];
    } else if (fresh_frame < end_frame) {
        page = VA(fresh_frame++ << PAGE_SHIFT);
    } else {
        return NULL;
    }
    pages_free--;
    shares[(PA(page) >> PAGE_SHIFT) - first_frame] = 1;
    return page;
}

void *page_alloc_zeroed(void)
{
    void *page = page_alloc();

    return page ? memset(page, 0, PAGE_SIZE) : NULL;
}

void page_share(u32 pa)
{
    u32 frame = pa >> PAGE_SHIFT;

    if (frame >= first_frame)
        shares[frame - first_frame]++;
}

/* How many mappings share the page; a page of the kernel is never one's own. */
u32 page_shares(u32 pa)
{
    u32 frame = pa >> PAGE_SHIFT;

    return frame >= first_frame ? shares[frame - first_frame] : 2;
}

void page_put(u32 pa)
{
    u32 frame = pa >> PAGE_SHIFT;
    u32 *page = VA(pa & ~(PAGE_SIZE - 1u));

    if (frame < first_frame)
        return;
    if (frame >= end_frame || !shares[frame - first_frame])
        panic("page 0x%08x freed twice", pa);
    if (--shares[frame - first_frame])
        return;
    page[0] = (u32)free_list;
    free_list = page;
    pages_free++;
}
