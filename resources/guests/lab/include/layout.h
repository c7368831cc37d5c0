/*
 * Where things live. Shared by C, assembly and the linker scripts.
 *
 * Two address layouts exist. "malta" is the architectural one (MIPS32
 * Privileged Resource Architecture, chapter "Virtual Memory"): kernel code in
 * kseg0 at 0x80000000 and TLB-mapped kernel space at 0xc0000000. "kvm" is for
 * a trap-and-emulate hypervisor, which runs the guest kernel in the host's
 * user mode and therefore squeezes every segment below 0x80000000.
 *
 * Devices are at 0xa0000000|phys in both: on malta that is kseg1, under
 * trap-and-emulate it is an address the hypervisor emulates.
 */
#ifndef LAB_LAYOUT_H
#define LAB_LAYOUT_H

#ifdef LAB_KVM
#define LAYOUT_NAME   "kvm"
#define KSEG0         0x40000000
#define KSEG2         0x60000000
#define USER_LIMIT    0x40000000   /* first address a user may never reach */
#define STACK_TOP     0x3fff8000
#define COUNT_HZ      100000000
#else
#define LAYOUT_NAME   "malta"
#define KSEG0         0x80000000
#define KSEG2         0xc0000000
#define USER_LIMIT    0x80000000
#define STACK_TOP     0x7fff8000
#define COUNT_HZ      125000000
#endif

#define IO_BASE       0xa0000000
#define KERNEL_PHYS   0x00100000
#define USER_BASE     0x00400000
#define USER_MIN      0x00010000   /* below this nothing is ever mapped */
#define STACK_SIZE    0x00040000
#define RAM_LIMIT     0x10000000   /* PCI space starts here on a Malta */

#define PAGE_SIZE     4096
#define PAGE_SHIFT    12

/* The TLB-mapped kernel segment: the heap first, then vmalloc space. */
#define KMAP_SIZE     0x04000000
#define KHEAP_BASE    KSEG2
#define KHEAP_SIZE    0x00400000
#define VMALLOC_BASE  (KHEAP_BASE + KHEAP_SIZE)
#define VMALLOC_PAGES ((KMAP_SIZE - KHEAP_SIZE) / PAGE_SIZE)

#define PROCS         64
#define KSTACK_SIZE   8192
#define TICK_HZ       100

#endif
