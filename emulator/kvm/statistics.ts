/** What KVM counts of a vCPU, under the names and in the order of its debugfs files (Linux 4.19, where the one misspelt
 * name was corrected), and the exit reasons of its tracepoints. */
import { ExcCode } from '../cpu/exceptions.ts';

export const VCPU_STATS = [
  'wait',
  'cache',
  'signal',
  'interrupt',
  'cop_unusable',
  'tlbmod',
  'tlbmiss_ld',
  'tlbmiss_st',
  'addrerr_st',
  'addrerr_ld',
  'syscall',
  'resvd_inst',
  'break_inst',
  'trap_inst',
  'msa_fpe',
  'fpe',
  'msa_disabled',
  'flush_dcache',
  'halt_successful_poll',
  'halt_attempted_poll',
  'halt_poll_invalid',
  'halt_wakeup',
] as const;

export type VcpuStat = (typeof VCPU_STATS)[number];

/** Reasons of kvm_exit beyond the ExcCodes. */
export const EXIT_WAIT = 32;
export const EXIT_CACHE = 33;
export const EXIT_SIGNAL = 34;

/** Exit reasons as the kvm_exit tracepoint prints them. */
export const EXIT_REASONS: Record<number, string> = {
  [ExcCode.Int]: 'Interrupt',
  [ExcCode.Mod]: 'TLB Mod',
  [ExcCode.TLBL]: 'TLB Miss (LD)',
  [ExcCode.TLBS]: 'TLB Miss (ST)',
  [ExcCode.AdEL]: 'Address Err (LD)',
  [ExcCode.AdES]: 'Address Err (ST)',
  [ExcCode.Sys]: 'System Call',
  [ExcCode.Bp]: 'Break Inst',
  [ExcCode.RI]: 'Reserved Inst',
  [ExcCode.CpU]: 'COP Unusable',
  [ExcCode.Ov]: 'Overflow',
  [ExcCode.Tr]: 'Trap Inst',
  [ExcCode.FPE]: 'FPE',
  [EXIT_WAIT]: 'WAIT',
  [EXIT_CACHE]: 'CACHE',
  [EXIT_SIGNAL]: 'Signal',
};

/** The statistic that an exit adds to, if it is dispatched rather than handed to the guest at once. */
export const STAT_OF_EXIT: Partial<Record<number, VcpuStat>> = {
  [ExcCode.Int]: 'interrupt',
  [ExcCode.Mod]: 'tlbmod',
  [ExcCode.TLBL]: 'tlbmiss_ld',
  [ExcCode.TLBS]: 'tlbmiss_st',
  [ExcCode.AdEL]: 'addrerr_ld',
  [ExcCode.AdES]: 'addrerr_st',
  [ExcCode.Sys]: 'syscall',
  [ExcCode.Bp]: 'break_inst',
  [ExcCode.RI]: 'resvd_inst',
  [ExcCode.CpU]: 'cop_unusable',
  [ExcCode.Tr]: 'trap_inst',
  [ExcCode.FPE]: 'fpe',
  [EXIT_WAIT]: 'wait',
  [EXIT_CACHE]: 'cache',
  [EXIT_SIGNAL]: 'signal',
};
