/*
 * User address spaces: two-level page tables, pages given on first use and
 * copied on first write. fork() shares all pages and takes the dirty bit away
 * from both sides; the TLB Modified exception of the first write leads here.
 */
#include "kernel.h"

struct sysinfo counters;
u32 **current_pgd, **kernel_pgd;

static u32 *empty_table;            /* all invalid: what an absent table is */
static u32 *kernel_empty_table;     /* the same with G, for kseg2/3 */
static u32 **empty_pgd;             /* for a processor that is in no process */
static u32 zero_page;               /* read but never written pages share it */

static void fill(u32 *table, u32 value)
{
    for (u32 i = 0; i < TABLE_SLOTS; i += 4) {
        table[i] = value;
        table[i + 1] = value;
        table[i + 2] = value;
        table[i + 3] = value;
    }
}

static u32 *boot_page(void)
{
    void *page = page_alloc();

    if (!page)
        panic("no memory for page tables");
    return page;
}

/* The kernel's tables exist from the start, so kseg2 never needs a new one. */
void vm_init(void)
{
    empty_table = boot_page();
    fill(empty_table, 0);
    kernel_empty_table = boot_page();
    fill(kernel_empty_table, PTE_G);
    zero_page = PA(memset(boot_page(), 0, PAGE_SIZE));
    empty_pgd = (u32 **)boot_page();
    fill((u32 *)empty_pgd, (u32)empty_table);
    kernel_pgd = (u32 **)boot_page();
    fill((u32 *)kernel_pgd, (u32)kernel_empty_table);
    for (u32 va = KSEG2; va < KSEG2 + KMAP_SIZE; va += 1u << 22) {
        u32 *table = boot_page();
        fill(table, PTE_G);
        kernel_pgd[va >> 22] = table;
    }
    current_pgd = empty_pgd;
}

u32 *kernel_pte(u32 va)
{
    return &kernel_pgd[va >> 22][(va >> PAGE_SHIFT) & (TABLE_SLOTS - 1)];
}

struct mm *mm_create(void)
{
    struct mm *mm = kmalloc(sizeof *mm);

    if (!mm)
        return NULL;
    memset(mm, 0, sizeof *mm);
    mm->pgd = page_alloc();
    if (!mm->pgd) {
        kfree(mm);
        return NULL;
    }
    fill((u32 *)mm->pgd, (u32)empty_table);
    return mm;
}

void mm_destroy(struct mm *mm)
{
    if (current_pgd == mm->pgd)
        current_pgd = empty_pgd;
    for (u32 slot = 0; slot < USER_SLOTS; slot++) {
        u32 *table = mm->pgd[slot];
        if (table == empty_table)
            continue;
        for (u32 i = 0; i < TABLE_SLOTS; i++)
            if ((table[i] & PTE_V) && PTE_PA(table[i]) != zero_page)
                page_put(PTE_PA(table[i]));
        page_put(PA(table));
        irq_window();
    }
    page_put(PA(mm->pgd));
    kfree(mm);
}

static u32 *user_pte(struct mm *mm, u32 va, int create)
{
    u32 *table = mm->pgd[va >> 22];

    if (table == empty_table) {
        if (!create || !(table = page_alloc()))
            return NULL;
        fill(table, 0);
        mm->pgd[va >> 22] = table;
    }
    return &table[(va >> PAGE_SHIFT) & (TABLE_SLOTS - 1)];
}

int mm_map(struct mm *mm, u32 va, u32 pa, u32 flags)
{
    u32 *pte = user_pte(mm, va, 1);

    if (!pte)
        return -ENOMEM;
    *pte = pa | flags | PTE_CACHED | PTE_V;
    mm->pages++;
    return 0;
}

/* The child gets the same pages; both sides lose the right to write them. */
struct mm *mm_fork(struct mm *from)
{
    struct mm *mm = mm_create();

    if (!mm)
        return NULL;
    memcpy(mm->area, from->area, sizeof mm->area);
    for (u32 slot = 0; slot < USER_SLOTS; slot++) {
        u32 *source = from->pgd[slot], *table;
        if (source == empty_table)
            continue;
        table = page_alloc();
        if (!table) {
            mm_destroy(mm);
            return NULL;
        }
        mm->pgd[slot] = table;
        for (u32 i = 0; i < TABLE_SLOTS; i++) {
            u32 pte = source[i];
            if (pte & PTE_V) {
                if (pte & PTE_D)
                    source[i] = pte &= ~PTE_D;
                if (PTE_PA(pte) != zero_page)
                    page_share(PTE_PA(pte));
                mm->pages++;
            }
            table[i] = pte;
        }
        irq_window();
    }
    asid_renew(from);               /* its writable TLB entries are stale */
    return mm;
}

/* Give back the heap pages from `end` up. */
void mm_shrink_heap(struct mm *mm, u32 end)
{
    struct area *heap = &mm->area[AREA_HEAP];

    for (u32 va = (end + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1u); va < heap->end; va += PAGE_SIZE) {
        u32 *pte = user_pte(mm, va, 0);
        if (!pte || !(*pte & PTE_V))
            continue;
        if (PTE_PA(*pte) != zero_page)
            page_put(PTE_PA(*pte));
        *pte = 0;
        mm->pages--;
    }
    heap->end = end;
    asid_renew(mm);
}

static struct area *find_area(struct mm *mm, u32 va)
{
    for (u32 i = 0; i < AREAS; i++)
        if (va >= mm->area[i].start && va < mm->area[i].end)
            return &mm->area[i];
    return NULL;
}

/* Serve a TLB invalid or Modified exception: 0, or why the process dies. */
int vm_fault(struct mm *mm, u32 va, int write)
{
    struct area *area = find_area(mm, va);
    u32 *pte;
    u8 *page;

    counters.page_faults++;
    if (!area)
        return write ? KILL_WRITE : KILL_READ;
    if (write && !area->writable)
        return KILL_READONLY;
    pte = user_pte(mm, va, 1);
    if (!pte)
        return KILL_MEMORY;

    if (!(*pte & PTE_V)) {
        u32 entry = zero_page | PTE_CACHED | PTE_V;
        if (write) {
            if (!(page = page_alloc_zeroed()))
                return KILL_MEMORY;
            entry = PA(page) | PTE_CACHED | PTE_V | PTE_D;
            counters.zero_fills++;
        } else {
            counters.zero_maps++;
        }
        *pte = entry;
        mm->pages++;
    } else if (write && !(*pte & PTE_D)) {
        u32 pa = PTE_PA(*pte);
        if (pa == zero_page) {
            if (!(page = page_alloc_zeroed()))
                return KILL_MEMORY;
            *pte = PA(page) | PTE_CACHED | PTE_V | PTE_D;
            counters.zero_fills++;
        } else if (page_shares(pa) == 1) {
            *pte |= PTE_D;
            counters.cow_reuses++;
        } else {
            if (!(page = page_alloc()))
                return KILL_MEMORY;
            memcpy(page, VA(pa), PAGE_SIZE);
            page_put(pa);
            *pte = PA(page) | PTE_CACHED | PTE_V | PTE_D;
            counters.cow_copies++;
        }
    }
    pte = (u32 *)((u32)pte & ~4u);
    tlb_update_pair(va, mm->asid & 0xff, pte[0], pte[1]);
    return 0;
}
