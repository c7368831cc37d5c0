/** The terms of the workbench, with where they are defined. */
export interface Term {
  term: string;
  means: string;
  /** Manual and section, or the kernel's function. */
  see: string;
}

const PRA = 'MIPS32 PRA, MD00090';

export const GLOSSARY: readonly Term[] = [
  {
    term: 'ASID',
    means:
      'Address space identifier, 8 bits of EntryHi. A TLB entry that is not global matches only under its own ASID, so that a kernel can change the address space without emptying the TLB.',
    see: `${PRA}, EntryHi register`,
  },
  {
    term: 'commpage',
    means:
      "A page that guest kernel and hypervisor share, with the guest's CP0 registers in it. With dynamic translation the guest reads and writes them there instead of trapping.",
    see: 'Linux KVM for MIPS: kvm_mips_trans_mfc0',
  },
  {
    term: 'exit',
    means:
      'The guest stops running and the hypervisor takes over: a privileged instruction, a TLB fault, an access at 0x80000000 or above, an interrupt.',
    see: 'Linux KVM for MIPS: kvm_mips_handle_exit',
  },
  {
    term: 'GPA, GVA, HPA',
    means:
      'Guest physical, guest virtual and host physical address. The guest turns GVA into GPA by its TLB; the hypervisor turns GPA into HPA.',
    see: 'Linux KVM documentation, mmu',
  },
  {
    term: 'GVA page table',
    means:
      "The hypervisor's table from guest virtual addresses straight to host memory, one for guest kernel mode and one for guest user mode. It is a cache of the guest TLB: neither is tagged with an ASID, so each holds the view of one ASID at a time.",
    see: 'Linux KVM for MIPS: guest_kernel_mm and guest_user_mm of struct kvm_vcpu_arch',
  },
  {
    term: 'KMF_KERN, KMF_USER, KMF_GPA',
    means:
      'What a flush takes away. KMF_KERN: useg and kseg2/3 of the kernel table, at once when the ASID changes. KMF_USER: useg of the user table. KMF_GPA, added to either because guest physical memory has changed, takes kseg0 of the kernel table too.',
    see: 'Linux KVM for MIPS: enum kvm_mips_flush, kvm_mips_flush_gva_pt',
  },
  {
    term: 'kseg0',
    means:
      'A fixed window on the lowest 512 MiB of physical memory, cached. No TLB entry maps it, so a change of ASID leaves it as it is.',
    see: `${PRA}, virtual memory`,
  },
  {
    term: 'kseg1',
    means: 'The same window uncached. Devices are reached through it.',
    see: `${PRA}, virtual memory`,
  },
  { term: 'kseg2/3', means: 'Kernel addresses that the TLB maps.', see: `${PRA}, virtual memory` },
  {
    term: 'lazy flush',
    means:
      'The user table is not flushed when the ASID changes, but on the next entry to user mode, and only if the ASID is another one then. Until that it is stale.',
    see: 'Linux KVM for MIPS: kvm_trap_emul_vcpu_reenter',
  },
  {
    term: 'pgd, pte table',
    means:
      'The two levels of a page table. A pgd slot stands for 4 MiB and holds a pte table of 1,024 pages of 4 KiB, or none.',
    see: 'Linux memory management documentation, page tables',
  },
  {
    term: 'refill',
    means:
      'The exception of an access that no TLB entry matches; the kernel writes an entry and the access is made again.',
    see: `${PRA}, TLB refill exception`,
  },
  {
    term: 'TLB',
    means:
      'Translation lookaside buffer: 16 to 64 entries, each for a pair of pages. VPN2 is the address of the pair, PFN the page frame; V marks an entry valid, D writable, G global; C is the cache attribute.',
    see: `${PRA}, TLB-based virtual address translation`,
  },
  {
    term: 'trap and emulate',
    means:
      'Guest kernel and guest user both run with the privileges of a host user program; what needs more traps, and the hypervisor does it for them.',
    see: 'Linux KVM for MIPS: trap_emul.c',
  },
  {
    term: 'useg',
    means: 'The addresses of user programs, which the TLB maps.',
    see: `${PRA}, virtual memory`,
  },
];
