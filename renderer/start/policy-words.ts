/** What each flush policy does when the guest changes its ASID, in a sentence. */
import type { Settings } from './settings.ts';

export const POLICY_SAYS: Record<Settings['policy'], string> = {
  'lazy-user': 'The kernel table at once, the user table on the next entry to user mode, as KVM does.',
  eager: 'Both tables at once.',
  everything: 'Both tables at once, kseg0 too.',
  tagged: 'A user table for each guest ASID; only TLB writes take entries away.',
  never: 'Nothing is flushed: wrong on purpose, which the checker shows.',
};

/** What keeping replaced TLB entries does. */
export const KEEP_SAYS =
  'Pages of an entry that TLBWR replaces stay mapped for as long as the guest cannot tell, as in QEMU: fewer refills.';
