/*
 * The TLB-mapped kernel segment. vmalloc() gives single pages consecutive
 * addresses there; kmalloc() is a first-fit heap below it that grows by pages
 * and never shrinks. Both are global mappings (G): the same in every process.
 */
#include "kernel.h"

#define RANGES 64
static struct range {
    u32 first, pages;           /* in pages from VMALLOC_BASE */
} ranges[RANGES];               /* in use, ordered by address */
static u32 range_count;

u32 kheap_pages;

static int map_page(u32 va)
{
    void *page = page_alloc();

    if (!page)
        return 0;
    *kernel_pte(va) = PA(page) | PTE_G | PTE_CACHED | PTE_V | PTE_D;
    return 1;
}

static void unmap(u32 va, u32 pages)
{
    for (u32 i = 0; i < pages; i++) {
        u32 *pte = kernel_pte(va + i * PAGE_SIZE);
        page_put(PTE_PA(*pte));
        *pte = PTE_G;
    }
    if (pages > tlb_entries * 2)
        tlb_flush_all();
    else
        for (u32 end = va + pages * PAGE_SIZE; va < end; va += PAGE_SIZE)
            tlb_flush_pair(va, 0);
}

void *vmalloc(u32 pages)
{
    u32 first = 0, slot = 0, va;

    if (!pages || range_count == RANGES || pages > pages_free)
        return NULL;
    for (; slot < range_count && ranges[slot].first - first < pages; slot++)
        first = ranges[slot].first + ranges[slot].pages;
    if (first + pages > VMALLOC_PAGES)
        return NULL;
    memmove(&ranges[slot + 1], &ranges[slot], (range_count - slot) * sizeof ranges[0]);
    ranges[slot] = (struct range){ first, pages };
    range_count++;

    va = VMALLOC_BASE + first * PAGE_SIZE;
    for (u32 i = 0; i < pages; i++)
        if (!map_page(va + i * PAGE_SIZE))
            panic("vmalloc: pages vanished");
    /* The TLB may hold the pair with these pages still invalid. */
    if (pages > tlb_entries * 2)
        tlb_flush_all();
    else
        for (u32 i = 0; i < pages; i++)
            tlb_flush_pair(va + i * PAGE_SIZE, 0);
    return (void *)va;
}

void vfree(void *address)
{
    u32 first = ((u32)address - VMALLOC_BASE) / PAGE_SIZE;

    for (u32 slot = 0; slot < range_count; slot++) {
        if (ranges[slot].first != first)
            continue;
        unmap((u32)address, ranges[slot].pages);
        range_count--;
        memmove(&ranges[slot], &ranges[slot + 1], (range_count - slot) * sizeof ranges[0]);
        return;
    }
    panic("vfree of 0x%08x", (u32)address);
}

/* A block's header; blocks follow each other without gaps up to the end. */
struct block {
    u32 size;                   /* with the header, a multiple of 8 */
    u32 used;
};
#define HEAP_START_PAGES 16

static struct block *block_after(struct block *b)
{
    return (struct block *)((u32)b + b->size);
}

static u32 heap_end(void)
{
    return KHEAP_BASE + kheap_pages * PAGE_SIZE;
}

/* More pages at the end, as one used block that kfree() then merges. */
static int heap_grow(u32 pages)
{
    struct block *b = (struct block *)heap_end();

    if (pages > pages_free || kheap_pages + pages > KHEAP_SIZE / PAGE_SIZE)
        return 0;
    for (u32 i = 0; i < pages; i++) {
        map_page(heap_end());
        tlb_flush_pair(heap_end(), 0);
        kheap_pages++;
    }
    b->size = pages * PAGE_SIZE;
    b->used = 1;
    kfree(b + 1);
    return 1;
}

void kmalloc_init(void)
{
    if (!heap_grow(HEAP_START_PAGES))
        panic("no memory for the heap");
}

void *kmalloc(u32 bytes)
{
    u32 size = (bytes + sizeof(struct block) + 7) & ~7u;

    do {
        struct block *b = (struct block *)KHEAP_BASE;
        for (; (u32)b < heap_end(); b = block_after(b)) {
            if (b->used)
                continue;
            while ((u32)block_after(b) < heap_end() && !block_after(b)->used)
                b->size += block_after(b)->size;
            if (b->size < size)
                continue;
            if (b->size >= size + 32) {
                struct block *rest = (struct block *)((u32)b + size);
                rest->size = b->size - size;
                rest->used = 0;
                b->size = size;
            }
            b->used = 1;
            return b + 1;
        }
    } while (heap_grow(size / PAGE_SIZE + 1));
    return NULL;
}

/* Freed neighbours are merged by the next kmalloc() that comes by. */
void kfree(void *p)
{
    if (!((struct block *)p - 1)->used)
        panic("kfree of 0x%08x", (u32)p);
    ((struct block *)p - 1)->used = 0;
}
