/** What the debugger sees of a machine: everything a guest's programmer may ask about, and nothing that would run it. */
import type { Cpu } from '../cpu/cpu.ts';
import type { Privileged } from '../cpu/privileged.ts';
import type { Mmu } from '../mmu/mmu.ts';
import type { MachineKind } from '../protocol.ts';
import type { SymbolTable } from './symbols.ts';

export interface DebugTarget {
  readonly kind: MachineKind;
  readonly cpu: Cpu;
  readonly mmu: Mmu;
  readonly system: Privileged;
  readonly symbols: SymbolTable;
  readonly mode: 'kernel' | 'user';
}
