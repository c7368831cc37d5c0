/** When the GVA page tables are flushed as the guest changes its ASID. */

import { POLICIES } from '../protocol.ts';

export const FLUSH_POLICIES = POLICIES;

/**
 * `lazy-user`: KVM's. The kernel table's mapped segments at once, the user table on the next entry to user mode.
 * `eager`: both at once. `everything`: both at once, kseg0 included. `tagged`: a user table for each guest ASID, which
 * nothing but TLB writes invalidates. `never`: nothing is flushed, which is wrong on purpose.
 */
export type FlushPolicy = (typeof FLUSH_POLICIES)[number];
