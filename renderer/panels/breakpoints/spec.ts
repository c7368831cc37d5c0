/** The form's fields as the one line that the emulator reads. */
import type { BreakpointView } from '../../../emulator/protocol.ts';

export type Kind = BreakpointView['kind'];

export interface KindChoice {
  kind: Kind;
  label: string;
  /** What its argument is, and what an empty one means. */
  placeholder: string;
  /** An argument must be given. */
  needs: boolean;
  choices: readonly string[];
}

const EXCEPTIONS = ['Int', 'Mod', 'TLBL', 'TLBS', 'AdEL', 'AdES', 'Sys', 'Bp', 'RI', 'CpU', 'Ov', 'Tr', 'FPE'];

export const KINDS: readonly KindChoice[] = [
  { kind: 'address', label: 'Address', placeholder: 'symbol or address', needs: true, choices: [] },
  { kind: 'write', label: 'Write to', placeholder: 'symbol or address, bytes', needs: true, choices: [] },
  { kind: 'read', label: 'Read of', placeholder: 'symbol or address, bytes', needs: true, choices: [] },
  { kind: 'access', label: 'Access to', placeholder: 'symbol or address, bytes', needs: true, choices: [] },
  { kind: 'asid', label: 'ASID change', placeholder: 'to any ASID', needs: false, choices: [] },
  { kind: 'tlb', label: 'TLB write', placeholder: 'any entry', needs: false, choices: [] },
  { kind: 'flush', label: 'Flush', placeholder: 'any kind', needs: false, choices: ['kernel', 'user', 'gpa'] },
  { kind: 'exit', label: 'Exit', placeholder: 'any reason', needs: false, choices: [...EXCEPTIONS, 'WAIT', 'CACHE'] },
  { kind: 'exception', label: 'Exception', placeholder: 'any kind', needs: false, choices: ['refill', ...EXCEPTIONS] },
];

export const KIND_LABEL = Object.fromEntries(KINDS.map(({ kind, label }) => [kind, label])) as Record<Kind, string>;

export interface Fields {
  kind: Kind;
  argument: string;
  condition: string;
  /** Hits that do not stop; empty for none. */
  ignore: string;
}

/** The specification, or null while something it needs is missing. */
export function specOf({ kind, argument, condition, ignore }: Fields): string | null {
  const given = argument.trim();
  if (given === '' && KINDS.find((each) => each.kind === kind)!.needs) return null;
  const what = given === '' ? kind : `${kind}:${given}`;
  const skipped = ignore.trim() === '' ? '' : ` ignore ${ignore.trim()}`;
  return `${what}${skipped}${condition.trim() === '' ? '' : ` if ${condition.trim()}`}`;
}
