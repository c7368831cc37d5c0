/*
 * Coprocessor 0, as named in the MIPS32 Privileged Resource Architecture
 * (PRA), release 2. Bit names follow its register chapter.
 */
#ifndef LAB_CP0_H
#define LAB_CP0_H

#define ST_IE    0x00000001
#define ST_EXL   0x00000002
#define ST_UM    0x00000010      /* KSU = 2: user mode */
#define ST_IM2   0x00000400      /* i8259 pair */
#define ST_IM7   0x00008000      /* Count/Compare */
#define ST_BEV   0x00400000

#define CAUSE_BD 0x80000000
#define CAUSE_IV 0x00800000      /* interrupts get their own vector */
#define CAUSE_IP2 0x00000400
#define CAUSE_IP7 0x00008000

#define EXC_INT  0
#define EXC_MOD  1
#define EXC_TLBL 2
#define EXC_TLBS 3
#define EXC_ADEL 4
#define EXC_ADES 5
#define EXC_IBE  6
#define EXC_DBE  7
#define EXC_SYS  8
#define EXC_BP   9
#define EXC_RI   10
#define EXC_CPU  11
#define EXC_OV   12
#define EXC_TR   13

/* Offsets in the frame that an exception pushes on the kernel stack. The
 * first 16 bytes are the o32 argument area of the C handler. */
#define TF_R(n)     (16 + 4 * (n))
#define TF_HI       144
#define TF_LO       148
#define TF_EPC      152
#define TF_STATUS   156
#define TF_CAUSE    160
#define TF_BADVADDR 164
#define TF_SIZE     168

#ifdef __ASSEMBLER__
#define C0_INDEX    $0
#define C0_ENTRYLO0 $2
#define C0_ENTRYLO1 $3
#define C0_PAGEMASK $5
#define C0_WIRED    $6
#define C0_HWRENA   $7
#define C0_BADVADDR $8
#define C0_COUNT    $9
#define C0_ENTRYHI  $10
#define C0_COMPARE  $11
#define C0_STATUS   $12
#define C0_CAUSE    $13
#define C0_EPC      $14
#else
#include "types.h"

#define CP0_READ(name, reg, sel)                                        \
    static inline u32 read_##name(void)                                 \
    {                                                                   \
        u32 v;                                                          \
        __asm__ volatile("mfc0 %0, $" #reg ", " #sel : "=r"(v) : : "memory"); \
        return v;                                                       \
    }
#define CP0_WRITE(name, reg, sel)                                       \
    static inline void write_##name(u32 v)                              \
    {                                                                   \
        __asm__ volatile("mtc0 %z0, $" #reg ", " #sel : : "Jr"(v) : "memory"); \
    }
#define CP0_BOTH(name, reg, sel) CP0_READ(name, reg, sel) CP0_WRITE(name, reg, sel)

CP0_BOTH(index, 0, 0)
CP0_BOTH(entrylo0, 2, 0)
CP0_BOTH(entrylo1, 3, 0)
CP0_BOTH(pagemask, 5, 0)
CP0_WRITE(wired, 6, 0)
CP0_WRITE(hwrena, 7, 0)
CP0_READ(count, 9, 0)
CP0_BOTH(entryhi, 10, 0)
CP0_BOTH(compare, 11, 0)
CP0_BOTH(status, 12, 0)
CP0_BOTH(cause, 13, 0)
CP0_READ(prid, 15, 0)
CP0_WRITE(ebase, 15, 1)
CP0_READ(config1, 16, 1)

/* Execution hazard barrier: what a later instruction reads of CP0 is what
 * was written before (PRA, chapter on hazards). */
static inline void ehb(void) { __asm__ volatile("ehb" : : : "memory"); }
static inline void tlb_probe(void) { __asm__ volatile("tlbp" : : : "memory"); }
static inline void tlb_read(void) { __asm__ volatile("tlbr" : : : "memory"); }
static inline void tlb_write_indexed(void) { __asm__ volatile("tlbwi" : : : "memory"); }
static inline void irq_enable(void) { __asm__ volatile("ei\n\tehb" : : : "memory"); }
static inline void irq_disable(void) { __asm__ volatile("di\n\tehb" : : : "memory"); }
#endif
#endif
