/*
 * Address space identifiers. The TLB tells processes apart by 8 bits, so they
 * are handed out in order with a generation number above them. When all 255
 * are used, the TLB is flushed and a new generation begins: every ASID of an
 * older one is stale and replaced when its process runs next. Renewing the
 * ASID of a process is also the cheap way to drop all its TLB entries.
 */
#include "kernel.h"

#define ASID_MASK 0xffu

u32 asid_cache = 0x100;         /* the last one given; ASID 0 stays unused */

static u32 asid_new(void)
{
    counters.asid_allocated++;
    if (!(++asid_cache & ASID_MASK)) {
        tlb_flush_all();
        counters.asid_rollovers++;
        if (!asid_cache)
            asid_cache = 0x100;
        asid_cache++;
    }
    return asid_cache;
}

/* The ASID as the TLB sees it, or -1 if it is of an older generation. */
int asid_current(const struct mm *mm)
{
    return (mm->asid ^ asid_cache) & ~ASID_MASK ? -1 : (int)(mm->asid & ASID_MASK);
}

void asid_renew(struct mm *mm)
{
    mm->asid = 0;
    if (mm == current->mm)
        switch_mm(mm);
}

void switch_mm(struct mm *mm)
{
    if (asid_current(mm) < 0)
        mm->asid = asid_new();
    current_pgd = mm->pgd;
    write_entryhi(mm->asid & ASID_MASK);
    ehb();
}
