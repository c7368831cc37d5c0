/*
 * The TLB. Random replacement may hit any entry, so no entry is special and
 * Wired stays 0. An entry is emptied by giving it an address that no mapped
 * segment contains and that no other entry has: 0x80000000 + index * 8 KiB.
 */
#include "kernel.h"

u32 tlb_entries;

#define UNIQUE_ENTRYHI(i) (0x80000000u + ((i) << (PAGE_SHIFT + 1)))
#define VPN2(va) ((va) & ~(2 * PAGE_SIZE - 1u))

static void write_indexed(u32 index, u32 hi, u32 lo0, u32 lo1)
{
    write_index(index);
    write_entryhi(hi);
    write_entrylo0(lo0);
    write_entrylo1(lo1);
    ehb();
    tlb_write_indexed();
}

void tlb_flush_all(void)
{
    u32 hi = read_entryhi();

    for (u32 i = 0; i < tlb_entries; i++)
        write_indexed(i, UNIQUE_ENTRYHI(i), 0, 0);
    write_entryhi(hi & 0xff);
    ehb();
}

void tlb_init(void)
{
    tlb_entries = ((read_config1() >> 25) & 63) + 1;
    write_pagemask(0);
    write_wired(0);
    write_entryhi(0);
    tlb_flush_all();
}

/* Index of the entry for an address, or negative. Leaves EntryHi changed. */
static s32 probe(u32 va, u32 asid)
{
    write_entryhi(VPN2(va) | asid);
    ehb();
    tlb_probe();
    ehb();
    return (s32)read_index();
}

void tlb_flush_pair(u32 va, u32 asid)
{
    u32 hi = read_entryhi();
    s32 index = probe(va, asid);

    if (index >= 0)
        write_indexed(index, UNIQUE_ENTRYHI((u32)index), 0, 0);
    write_entryhi(hi & 0xff);
    ehb();
}

/* After a page table change: correct the entry if there is one. */
void tlb_update_pair(u32 va, u32 asid, u32 pte0, u32 pte1)
{
    u32 hi = read_entryhi();
    s32 index = probe(va, asid);

    if (index >= 0)
        write_indexed(index, VPN2(va) | asid, pte0 >> PTE_LO_SHIFT, pte1 >> PTE_LO_SHIFT);
    write_entryhi(hi & 0xff);
    ehb();
}

void tlb_dump(void)
{
    u32 hi_now = read_entryhi(), used = 0;

    kprintf("index VPN2       mask     ASID G  PFN0    C D V  PFN1    C D V\n");
    for (u32 i = 0; i < tlb_entries; i++) {
        u32 hi, lo0, lo1, mask;
        write_index(i);
        ehb();
        tlb_read();
        ehb();
        hi = read_entryhi();
        mask = read_pagemask();
        lo0 = read_entrylo0();
        lo1 = read_entrylo1();
        write_pagemask(0);
        write_entryhi(hi_now & 0xff);
        ehb();
        if (!((lo0 | lo1) & 2))
            continue;
        used++;
        kprintf("%5u 0x%08x %08x 0x%02x %u  0x%05x %u %u %u  0x%05x %u %u %u\n", i, VPN2(hi), mask,
                hi & 0xff, lo0 & lo1 & 1, lo0 >> 6 & 0xfffff, lo0 >> 3 & 7, lo0 >> 2 & 1,
                lo0 >> 1 & 1, lo1 >> 6 & 0xfffff, lo1 >> 3 & 7, lo1 >> 2 & 1, lo1 >> 1 & 1);
    }
    kprintf("tlb: %u of %u entries valid, ASID now 0x%02x\n", used, tlb_entries, hi_now & 0xff);
}
