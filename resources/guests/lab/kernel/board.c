/*
 * The Malta board: GT-64120 system controller, the PC-style interrupt
 * controllers and power management of its PIIX4 south bridge, the character
 * display. Physical addresses; ISA port p is at 0x18000000 + p.
 */
#include "kernel.h"

#define GT_BASE         0x1be00000
#define GT_PCI_COMMAND  0xc00
#define GT_NO_SWAP      0x00010001
#define GT_PCI_ADDRESS  0xcf8
#define GT_PCI_DATA     0xcfc
#define GT_PCI_IACK     0xc34
#define ISA_IO          0x18000000
#define PIC_MASTER      (ISA_IO + 0x20)
#define PIC_SLAVE       (ISA_IO + 0xa0)
#define PM_BASE         0x1000
#define PM_CONTROL      (ISA_IO + PM_BASE + 4)
#define PM_SOFT_OFF     0x2000          /* SUS_EN, type 0 */
#define DISPLAY         0x1f000418      /* eight characters, 8 bytes apart */
#define SOFT_RESET      0x1f000500
#define IRQ_TTY         4

/* ISA ports and the GT-64120's own registers are little endian on the bus. */
static u32 le32(u32 v)
{
#ifdef __MIPSEB__
    __asm__("wsbh %0, %1\n\trotr %0, %0, 16" : "=r"(v) : "r"(v));
#endif
    return v;
}

static u16 le16(u16 v)
{
#ifdef __MIPSEB__
    v = (u16)(v << 8 | v >> 8);
#endif
    return v;
}

static void write32(u32 phys, u32 v) { *(volatile u32 *)(IO_BASE | phys) = v; }
static void write16(u32 phys, u16 v) { *(volatile u16 *)(IO_BASE | phys) = v; }
static u32 read32(u32 phys) { return *(volatile u32 *)(IO_BASE | phys); }

/*
 * Configuration data of other devices passes the GT-64120's byte swapper,
 * which PCI0_CMD sets so that such a word reads and writes in the processor's
 * own order: swapping for big endian, straight (both bits) for little.
 */
static void pci_config_write(u32 device, u32 function, u32 reg, u32 v)
{
    write32(GT_BASE + GT_PCI_ADDRESS,
            le32(0x80000000 | device << 11 | function << 8 | (reg & ~3u)));
    write32(GT_BASE + GT_PCI_DATA, v);
}

void board_init(void)
{
    /* Two cascaded i8259, edge triggered, vectors 0-7 and 8-15. */
    out8(PIC_MASTER, 0x11);
    out8(PIC_MASTER + 1, 0x00);
    out8(PIC_MASTER + 1, 0x04);
    out8(PIC_MASTER + 1, 0x01);
    out8(PIC_SLAVE, 0x11);
    out8(PIC_SLAVE + 1, 0x08);
    out8(PIC_SLAVE + 1, 0x02);
    out8(PIC_SLAVE + 1, 0x01);
    out8(PIC_MASTER + 1, (u8) ~(1 << IRQ_TTY | 1 << 2));
    out8(PIC_SLAVE + 1, 0xff);
}

void board_display(const char *text)
{
    for (u32 i = 0; i < 8; i++)
        write32(DISPLAY + 8 * i, *text ? (u8)*text++ : ' ');
}

/* Reading the acknowledge register runs a PCI interrupt acknowledge cycle,
 * which makes the i8259 pair give its vector. */
void board_interrupt(void)
{
    u32 irq = le32(read32(GT_BASE + GT_PCI_IACK)) & 0xff;

    if (irq == IRQ_TTY)
        tty_interrupt();
    if (irq >= 8)
        out8(PIC_SLAVE, 0x20);
    out8(PIC_MASTER, 0x20);
}

/* Soft-off through the PIIX4; a board that stays on is reset instead. */
void board_power_off(void)
{
    irq_disable();
#ifdef __MIPSEB__
    write32(GT_BASE + GT_PCI_COMMAND, 0);
#else
    write32(GT_BASE + GT_PCI_COMMAND, GT_NO_SWAP);
#endif
    pci_config_write(10, 3, 0x40, PM_BASE | 1);
    pci_config_write(10, 3, 0x80, 1);
    write16(PM_CONTROL, le16(PM_SOFT_OFF));
    write32(SOFT_RESET, 0x42);
    for (;;)
        ;
}
