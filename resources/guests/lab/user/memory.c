/* Programs about memory: fresh pages, kernel mappings, ASIDs, bad accesses. */
#include "user.h"

int touch_main(int argc, char **argv)
{
    struct sysinfo before, after;
    u32 pages, bad = 0;
    int start;
    volatile u32 *page;

    if (!number_argument(argc, argv, 256, 100000, &pages))
        return 1;
    sysinfo(&before);
    if (pages + 64 > before.pages_free || (start = sbrk(pages * PAGE_SIZE)) < 0) {
        printf("touch: only %u pages free\n", before.pages_free);
        return 1;
    }
    for (u32 i = 0; i < pages; i++) {
        page = (volatile u32 *)(start + i * PAGE_SIZE);
        page[i % 1024] = i * 2654435761u + 1;
    }
    for (u32 i = 0; i < pages; i++) {
        page = (volatile u32 *)(start + i * PAGE_SIZE);
        if (page[i % 1024] != i * 2654435761u + 1 || page[(i + 1) % 1024])
            bad++;
    }
    sysinfo(&after);
    printf("touch: %u pages at 0x%08x, %u zero-filled, %s\n", pages, start,
           after.zero_fills - before.zero_fills, bad ? "BAD" : "ok");
    sbrk(-(int)(pages * PAGE_SIZE));
    return bad != 0;
}

int vmalloc_main(int argc, char **argv)
{
    struct vmtest test;
    u32 pages;
    int error;

    if (!number_argument(argc, argv, 64, VMALLOC_PAGES, &pages))
        return 1;
    error = system_call(pages, (u32)&test, 0, SYS_vmtest);
    if (error < 0) {
        printf("vmalloc: cannot map %u pages (error %d)\n", pages, -error);
        return 1;
    }
    printf("vmalloc: %u pages at 0x%08x, %s\n", test.pages, test.address, test.bad ? "BAD" : "ok");
    return test.bad != 0;
}

/* Take new ASIDs until the generation changes; memory must not notice. */
int asids_main(int argc, char **argv)
{
    static volatile u32 mark[3 * 1024];
    struct sysinfo s, after;
    u32 taken = 0, bad = 0;

    (void)argc, (void)argv;
    sysinfo(&s);
    do {
        mark[taken % 3 * 1024] = taken;
        renew_asid();
        if (mark[taken % 3 * 1024] != taken)
            bad++;
        taken++;
        sysinfo(&after);
    } while (after.asid_generation == s.asid_generation && taken < 1000);
    printf("asids: generation %u -> %u after %u allocations, %u rollovers since boot, %s\n",
           s.asid_generation, after.asid_generation, taken, after.asid_rollovers,
           bad || taken > 255 ? "BAD" : "ok");
    return bad != 0;
}

static void read_null(void) { (void)*(volatile u32 *)(volatile u32)0; }
static void read_unmapped(void) { (void)*(volatile u32 *)0x20000000; }
static void write_unmapped(void) { *(volatile u32 *)0x10000000 = 1; }
static void write_text(void) { *(volatile u32 *)((u32)write_text & ~3u) = 0; }
static void write_kernel(void) { *(volatile u32 *)(KSEG0 + KERNEL_PHYS) = 0; }
static void read_device(void) { (void)*(volatile u8 *)(IO_BASE + 0x180003fd); }

static void read_unaligned(void)
{
    static volatile u32 words[2];

    __asm__ volatile("lw $8, 1(%0)" : : "r"(words) : "$8", "memory");
}

static void write_unaligned(void)
{
    static volatile u32 words[2];

    __asm__ volatile("sh $0, 3(%0)" : : "r"(words) : "memory");
}

static void undefined(void) { __asm__ volatile(".word 0x7000003b"); }
static void do_break(void) { __asm__ volatile("break 7"); }
static void do_teq(void) { __asm__ volatile("teq $0, $0, 5"); }
static void do_add(void) { __asm__ volatile("add $8, %0, %0" : : "r"(0x7fffffff) : "$8"); }
static void do_mfc0(void) { __asm__ volatile("mfc0 $8, $12" : : : "$8"); }

static const struct {
    const char *what;
    void (*act)(void);
    u32 reason;
} faults[] = {
    { "null read", read_null, KILL_READ },
    { "unmapped read", read_unmapped, KILL_READ },
    { "unmapped write", write_unmapped, KILL_WRITE },
    { "write to text", write_text, KILL_READONLY },
    { "unaligned load", read_unaligned, KILL_UNALIGNED },
    { "unaligned store", write_unaligned, KILL_UNALIGNED },
    { "kernel write", write_kernel, KILL_KERNEL_SPACE },
    { "device read", read_device, KILL_KERNEL_SPACE },
    { "undefined instruction", undefined, KILL_ILLEGAL },
    { "break", do_break, KILL_BREAK },
    { "teq", do_teq, KILL_TRAP },
    { "integer overflow", do_add, KILL_OVERFLOW },
    { "cop0 in user mode", do_mfc0, KILL_COPROCESSOR },
};

int fault_main(int argc, char **argv)
{
    u32 good = 0, total = sizeof faults / sizeof faults[0], status;
    int error;

    (void)argc, (void)argv;
    for (u32 i = 0; i < total; i++) {
        int pid = fork();
        if (pid == 0) {
            faults[i].act();
            exit(1);
        }
        if (pid < 0 || wait(pid, &status, 0) != pid)
            status = 0;
        printf("fault: %s: %s\n", faults[i].what,
               STATUS_REASON(status) == faults[i].reason ? "ok" : "BAD");
        good += STATUS_REASON(status) == faults[i].reason;
    }
    error = write(1, (void *)0x20000000, 4);
    good += error == -EFAULT;
    printf("fault: write from bad pointer: %s\n", error == -EFAULT ? "ok" : "BAD");
    error = sysinfo((struct sysinfo *)(KSEG0 + KERNEL_PHYS));
    good += error == -EFAULT;
    printf("fault: kernel pointer to system call: %s\n", error == -EFAULT ? "ok" : "BAD");
    printf("fault: %u of %u as expected, %s\n", good, total + 2, good == total + 2 ? "ok" : "BAD");
    return good != total + 2;
}
