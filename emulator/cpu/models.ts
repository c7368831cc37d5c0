/** The cores the `malta` machine can have (MIPS32 24K and 34K Software User's Manuals, MD00343 and MD00534). */

import { CPUS } from '../protocol.ts';

export const CPU_MODELS = CPUS;
export type CpuModel = (typeof CPU_MODELS)[number];

export interface CpuTraits {
  prid: number;
  /** Config1 without the TLB's size. */
  config1: number;
  config3: number;
  /** Status bits that MTC0 changes. */
  statusMask: number;
  tlbEntries: 16 | 32 | 64;
}

/** Config1 but for the TLB's size: caches of 2 KiB, watch registers, performance counters, MIPS16e, and perhaps an FPU. */
const CONFIG1 = 0x80190c8e;
const CONFIG1_FP = 1;
const CONFIG3_VINT = 0x20;

/**
 * `34Kf-like` has the 34Kf's name, TLB and vectored interrupts, but neither its second thread context (MT ASE) nor DSP,
 * and says so in Config3.
 */
export const CPU_TRAITS: Record<CpuModel, CpuTraits> = {
  '24Kf': { prid: 0x19300, config1: CONFIG1 | CONFIG1_FP, config3: 0, statusMask: 0x3678ff1f, tlbEntries: 16 },
  '24Kc': { prid: 0x19300, config1: CONFIG1, config3: 0, statusMask: 0x1278ff1f, tlbEntries: 16 },
  '34Kf-like': {
    prid: 0x19500,
    config1: CONFIG1 | CONFIG1_FP,
    config3: CONFIG3_VINT,
    statusMask: 0x3678ff1f,
    tlbEntries: 64,
  },
};
