/* Start of the kernel: set up every part, say what was found, run init. */
#include "kernel.h"

static u32 cache_bytes(u32 config1, u32 shift)
{
    u32 line = (config1 >> (shift + 3)) & 7;

    return line ? (64u << ((config1 >> (shift + 6)) & 7)) * (2u << line)
                  * (((config1 >> shift) & 7) + 1) : 0;
}

static void banner(void)
{
    u32 config1 = read_config1();

    kprintf("Lab kernel " VERSION " (" LAYOUT_NAME " layout, "
#ifdef __MIPSEB__
            "big"
#else
            "little"
#endif
            " endian)\n");
    kprintf("cpu: PRId 0x%08x, %u TLB entries, caches %u + %u KiB\n", read_prid(), tlb_entries,
            cache_bytes(config1, 16) >> 10, cache_bytes(config1, 7) >> 10);
    kprintf("memory: %u MiB, %u pages free\n", boot_memory >> 20, pages_free);
    kprintf("layout: useg 0-0x%08x, kseg0 0x%08x, kseg2 0x%08x\n", USER_LIMIT - 1, KSEG0, KSEG2);
    kprintf("vectors: refill 0x%08x, general 0x%08x, interrupt 0x%08x\n", KSEG0, KSEG0 + 0x180,
            KSEG0 + 0x200);
    kprintf("page tables: two levels of 1024, kernel's at 0x%08x\n", (u32)kernel_pgd);
    kprintf("timer: %u Hz, Count at %u MHz\n", TICK_HZ, COUNT_HZ / 1000000);
    if (boot_command_line[0])
        kprintf("command line: %s\n", boot_command_line);
}

void kernel_main(u32 argc, u32 argv, u32 envp, u32 ramsize)
{
    boot_read_arguments(argc, argv, envp, ramsize);
    trap_init();
    tlb_init();
    page_init();
    vm_init();
    kmalloc_init();
    board_init();
    tty_init();
    proc_init();
    timer_init();
    board_display("LAB");
    if (!boot_quiet)
        banner();
    proc_start_init();
    idle_loop();
}
