/** Where an address leads, as the Translate panel asks and is told. */
/** What the Translate panel asks. Addresses are expressions: numbers, symbols, registers, memory (`switch_mm+8`, `[sp]`). */
export type TranslateRequest =
  | {
      direction: 'virtual';
      address: string;
      access: 'load' | 'store' | 'fetch';
      /** Guest mode and ASID; null: the guest's own of the moment. */
      mode: 'kernel' | 'user' | null;
      asid: number | null;
    }
  | { direction: 'physical'; address: string };

/** A piece of an address that is looked up somewhere, by bit numbers. */
export interface AddressBits {
  name: string;
  msb: number;
  lsb: number;
  text: string;
}

export interface StoryStep {
  id: 'segment' | 'tlb' | 'gva' | 'gpa' | 'hpa' | 'hostTlb' | 'next';
  title: string;
  /** `skip`: not reached or not needed. */
  mark: 'pass' | 'fail' | 'stale' | 'skip' | 'next';
  text: string;
  /** The short answer. */
  result: string;
}

/** A guest TLB entry beside the address: `differs` names what keeps it from serving the access. */
export interface TlbComparison {
  index: number;
  vpn2: number;
  pageBytes: number;
  asid: number;
  global: boolean;
  half: 'even' | 'odd';
  /** Of the half that the address falls in. */
  pfn: number;
  c: number;
  d: boolean;
  v: boolean;
  /** The entry that a lookup finds. */
  used: boolean;
  differs: ('vpn2' | 'asid' | 'v' | 'd')[];
}

export interface ElsewhereCell {
  ok: boolean;
  /** The mode and ASID that the story is about. */
  asked: boolean;
  text: string;
}

export interface TranslationStory {
  direction: 'virtual';
  va: number;
  symbol: string;
  access: 'load' | 'store' | 'fetch';
  mode: 'kernel' | 'user';
  asid: number;
  currentAsid: number;
  currentMode: 'kernel' | 'user';
  bits: AddressBits[][];
  /** The end of it for programs: addresses are -1 where there is none. */
  outcome: {
    kind: 'memory' | 'device' | 'exception' | 'fatal';
    gpa: number;
    hpa: number;
    /** ExcCode's name, or empty. */
    exception: string;
    refill: boolean;
    /** Exits on the way, by name, in order. */
    exits: string[];
  };
  verdict: { ok: boolean; title: string; text: string };
  steps: StoryStep[];
  entries: TlbComparison[];
  /** The guest TLB entry that matches, or -1; the pgd slot, or -1 where no table maps such addresses. */
  entry: number;
  slot: number;
  elsewhere: { asids: number[]; rows: { mode: 'kernel' | 'user'; cells: ElsewhereCell[] }[] };
}

/** One virtual address that reaches a guest physical one. */
export interface ReverseWay {
  /** A fixed window, addresses the hypervisor emulates, a guest TLB entry, or a GVA page table. */
  via: 'kseg0' | 'kseg1' | 'emulated' | 'tlb' | 'kernel' | 'user';
  va: number;
  symbol: string;
  /** null: under every ASID. */
  asid: number | null;
  /** Guest TLB entry. */
  entry: number | null;
  writable: boolean;
  state: string;
}

export interface ReverseStory {
  direction: 'physical';
  gpa: number;
  /** Address in the host's memory, -1 where there is no RAM. */
  hpa: number;
  /** Name of the memory slot, or empty. */
  slot: string;
  ways: ReverseWay[];
  /** Ways beyond those listed. */
  more: number;
}

export type TranslateAnswer = TranslationStory | ReverseStory | { direction: 'error'; message: string };
