/** Finds out what belongs to a region: see region.ts. */
import { Reason } from './exits.ts';
import { kernelTraits } from './kernel-target.ts';
import { trapTraits } from './trap-target.ts';
import {
  End,
  NONE,
  PAGE_WORDS,
  SWITCH_FACTOR,
  isSwitch,
  returnsToCaller,
  type Block,
  type Instruction,
  type Region,
  type RegionOptions,
} from './region.ts';
import { Flow, Traits, registers, traits } from './traits.ts';

/** Of instructions that are not the interpreter's in any case. */
const REASONS_BY_NAME: Record<string, Block['why']> = { syscall: Reason.Syscall, eret: Reason.Eret };
/** Blocks after which execution does not go on at `next`. */
const LEAVES_NEXT = new Set<End>([End.Leave, End.Jump, End.Register, End.LocalCall, End.Away]);

/** Each return compares with the places behind this many calls. */
const MOST_LOCAL_CALLS = 8;
/** Cases of a switch. */
const MOST_TARGETS = 64;
/** How often a region is begun anew without callees that did not fit. */
const MOST_TURNS = 3;
/** What follows in a block costs little: it is not copied into other regions, and one after another is slower. */
const LONG_BLOCK = 8;
/**
 * One side of a branch is left out when the interpreter has gone to the other so many times as often, and, unless blocks
 * are translated sooner than that, a few times at all.
 */
const RARE = 64;
const SURE = 32;

/** The instructions that the present builder has looked at, by place: those whose stamp is its own. */
const decoded: (Instruction | null)[] = Array.from({ length: PAGE_WORDS }, () => null);
const stamps = new Int32Array(PAGE_WORDS);
let builders = 0;

class Builder {
  private readonly stamp = (builders = (builders + 1) | 0);
  blocks: Block[] = [];
  readonly blockAt = new Int16Array(PAGE_WORDS).fill(NONE);
  private readonly leaders = new Uint8Array(PAGE_WORDS);
  private readonly pending: number[] = [];
  /** All instructions, and what they weigh: those far from their block's start nothing. */
  private instructions = 0;
  private weight = 0;

  /**
   * @param words the page
   * @param first index of its first word
   * @param base virtual address of the page: decides which absolute jumps stay in it
   */
  constructor(
    private readonly words: Int32Array,
    private readonly first: number,
    private readonly base: number,
    private readonly options: RegionOptions,
  ) {
    this.limit = options.limit;
  }

  build(entry: number): Region {
    for (let turn = 0; ; turn++) {
      this.findBlocks(entry);
      const torn = this.tornCallees();
      if (torn.length === 0) break;
      for (const callee of torn) this.apart.add(callee);
      if (turn === MOST_TURNS) {
        this.mergeable.forEach((block) => {
          if (!this.apart.has(block.taken)) return;
          this.mergeable.delete(block);
          block.end = End.Call;
        });
        while (!this.linkAll());
        break;
      }
    }
    let longest = 0;
    for (const block of this.blocks) longest += block.count + 1;
    const { blocks, blockAt, returns, targets } = this;
    return { blocks, blockAt, returns, targets, longest };
  }

  /** Places that are called and do not become part of the region. */
  private readonly apart = new Set<number>();

  private findBlocks(entry: number): void {
    this.blocks = [];
    this.blockAt.fill(NONE);
    this.leaders.fill(0);
    this.pending.length = 0;
    this.instructions = this.weight = 0;
    this.limit = this.options.limit;
    this.targets = [];
    this.mergeable.clear();
    this.rare.clear();
    this.findLeaders(entry);
    this.pending.push(entry);
    for (let i = 0; i < this.pending.length; i++) this.addBlock(this.pending[i]!);
    for (const block of this.blocks) {
      if (this.mergeable.size < MOST_LOCAL_CALLS && this.isLocalCall(block)) this.mergeable.add(block);
    }
    while (!this.linkAll());
  }

  /**
   * Callees that the region has only a part of. What goes on elsewhere returns to who called the region, not to the
   * caller in it.
   */
  private tornCallees(): number[] {
    const callees = new Set(this.blocks.filter(({ end }) => end === End.LocalCall).map(({ taken }) => taken));
    return [...callees].filter((callee) => this.isTorn(callee));
  }
  private isTorn(callee: number): boolean {
    const reached = new Set([callee]);
    for (const at of reached) {
      if (at < 0 || at >= PAGE_WORDS || this.blockAt[at] === NONE) return true;
      const block = this.blocks[this.blockAt[at]!]!;
      const { end, taken, next, body } = block;
      if (end === End.Away && this.options.entries![at] !== 0) return true;
      if (end === End.Branch || end === End.Jump) reached.add(taken);
      if (end === End.Register && !isSwitch(body.at(-1)!) && !returnsToCaller(block)) return true;
      if (end === End.LocalCall || !LEAVES_NEXT.has(end)) reached.add(next);
    }
    return false;
  }

  private isLocalCall({ end, taken, next }: Block): boolean {
    if (end !== End.Call || taken === NONE || next >= PAGE_WORDS || this.apart.has(taken)) return false;
    return this.blockAt[taken] !== NONE && this.blockAt[next] !== NONE;
  }

  private instruction(at: number): Instruction | null {
    if (stamps[at] !== this.stamp) {
      stamps[at] = this.stamp;
      decoded[at] = this.decode(at, false);
    }
    return decoded[at]!;
  }
  private decode(at: number, inSlot: boolean): Instruction | null {
    const word = this.words[this.first + at]!;
    const { kernel, traps } = this.options;
    let t = kernel ? kernelTraits(word) : traps ? trapTraits(word) : traits(word);
    if (!t || hasImpossibleField(word, t)) return null;
    if (!inSlot && t.flow === Flow.None && t.faults && this.options.devices?.has(at))
      t = new Traits(t.instruction, { ...t, flow: Flow.Step });
    return { at, word, traits: t, reads: registers(t.reads, word), writes: registers(t.writes, word) };
  }

  /** Marks every place that a block must start at. */
  private findLeaders(entry: number): void {
    const seen = new Uint8Array(PAGE_WORDS);
    const work = [entry];
    this.leaders[entry] = 1;
    const lead = (at: number) => {
      if (at < 0 || at >= PAGE_WORDS || this.leaders[at] === 1) return;
      this.leaders[at] = 1;
      work.push(at);
    };
    let count = 0;
    let total = 0;
    const most = SWITCH_FACTOR * this.options.limit;
    for (let i = 0; i < work.length && count < this.limit; i++) {
      const first = work[i]!;
      for (let at = first; at < PAGE_WORDS && seen[at] === 0 && count < this.limit && total < most; at++) {
        seen[at] = 1;
        total++;
        if (at - first < LONG_BLOCK) count++;
        const found = this.instruction(at);
        if (!found) break;
        const { flow } = found.traits;
        if (flow === Flow.None) continue;
        if (flow === Flow.Leave) break;
        if (flow === Flow.Step) {
          lead(at + 1);
          break;
        }
        const target = this.target(found);
        if (found.traits.link) {
          lead(at + 2);
          if (!this.apart.has(target)) lead(target);
        } else if (flow === Flow.Branch) this.sides(found).forEach(lead);
        else if (flow === Flow.Jump) lead(target);
        else if (isSwitch(found)) this.findTargets(at).forEach(lead);
        break;
      }
    }
  }

  /** Where a branch goes on in this page, but for a side that is hardly ever taken. */
  private sides(branch: Instruction): number[] {
    const target = this.target(branch);
    if (unconditional(branch)) return [target];
    const next = branch.at + 2;
    if (this.isRare(target, next)) return [next];
    return this.isRare(next, target) ? [target] : [target, next];
  }
  /** Whether the interpreter has hardly ever gone to a place, but often to another that the same branch goes to. */
  private isRare(at: number, other: number): boolean {
    const { entries, threshold } = this.options;
    if (!entries || at === other || at === NONE || other === NONE || at >= PAGE_WORDS || other >= PAGE_WORDS)
      return false;
    // What has been translated is not counted any more.
    const count = (place: number) => (entries[place]! > 0 ? threshold : -entries[place]!);
    const often = count(other);
    if (often < Math.min(SURE, threshold) || RARE * count(at) > often) return false;
    this.rare.add(at);
    return true;
  }
  private readonly rare = new Set<number>();

  /** Where a branch or jump goes, or -1 when that is in another page. */
  private target({ at, word, traits: { flow } }: Instruction): number {
    if (flow === Flow.Branch) {
      const to = at + 1 + ((word << 16) >> 16);
      return to >= 0 && to < PAGE_WORDS ? to : NONE;
    }
    if (flow !== Flow.Jump) return NONE;
    const to = (((this.base + 4 * at + 4) & 0xf0000000) | ((word << 6) >>> 4)) - (this.base | 0);
    return to >= 0 && to < 4 * PAGE_WORDS ? to >>> 2 : NONE;
  }

  /** Where a jump through a table goes, as far as that has been seen: entered places behind it. */
  private findTargets(jump: number): number[] {
    const { entries } = this.options;
    if (!entries || this.targets.length > 0) return [];
    for (let at = jump + 2; at < PAGE_WORDS && this.targets.length < MOST_TARGETS; at++) {
      if (entries[at] !== 0) this.targets.push(at);
    }
    if (this.targets.length > 0) this.limit = SWITCH_FACTOR * this.options.limit;
    return this.targets;
  }
  private targets: number[] = [];
  private limit: number;

  private get isFull(): boolean {
    return this.weight >= this.limit || this.instructions >= SWITCH_FACTOR * this.options.limit;
  }
  private add(offset: number): void {
    this.instructions++;
    if (offset < LONG_BLOCK) this.weight++;
  }

  private addBlock(start: number): void {
    if (this.blockAt[start] !== NONE) return;
    const away = this.rare.has(start) && this.leaders[start] !== 1;
    if (this.isFull && !away) return;
    const block: Block = {
      at: start,
      next: start,
      taken: NONE,
      end: End.Next,
      why: Reason.Interpret,
      body: [],
      slot: null,
      count: 0,
      successors: [],
    };
    this.blockAt[start] = this.blocks.length;
    this.blocks.push(block);
    if (away) {
      block.end = End.Away;
      return;
    }
    let at = start;
    for (; at < PAGE_WORDS; at++) {
      if (at > start && this.leaders[at] === 1) break;
      if (this.isFull && at > start) break;
      const found = this.instruction(at);
      if (!found || found.traits.flow === Flow.Leave) {
        block.end = End.Leave;
        block.why = REASONS_BY_NAME[found?.traits.instruction.name ?? ''] ?? Reason.Interpret;
        break;
      }
      if (found.traits.flow === Flow.None) {
        block.body.push(found);
        this.add(at - start);
        continue;
      }
      if (found.traits.flow === Flow.Step) {
        block.body.push(found);
        this.add(at - start);
        block.end = End.Step;
        at++;
        break;
      }
      if (!this.endWithJump(block, found)) block.end = End.Leave;
      else at += 2;
      break;
    }
    block.next = at;
    block.count = block.body.length;
    if (block.slot && !block.body.at(-1)!.traits.likely) block.count++;
    if (block.end !== End.Leave && block.end !== End.Jump && block.end !== End.Register) this.pending.push(block.next);
    if (block.taken !== NONE && !(block.end === End.Call && this.apart.has(block.taken)))
      this.pending.push(block.taken);
    if (block.end === End.Register && isSwitch(block.body.at(-1)!)) this.pending.push(...this.targets);
  }

  /** False when a branch must be left to the interpreter: for what is in its delay slot, or for what it links to. */
  private endWithJump(block: Block, jump: Instruction): boolean {
    if (jump.at + 1 >= PAGE_WORDS) return false;
    const slot = this.decode(jump.at + 1, true);
    if (!slot || slot.traits.flow !== Flow.None) return false;
    const { flow, link } = jump.traits;
    // A branch whose slot faults is executed again, so it must not have changed what it depends on.
    if (link && (jump.reads & jump.writes) !== 0) return false;
    block.body.push(jump);
    block.slot = slot;
    this.add(jump.at - block.at);
    this.add(jump.at - block.at);
    if (flow === Flow.Branch) {
      block.taken = this.target(jump);
      // BAL to what is behind it is how code finds out where it is.
      const calls = link && block.taken !== jump.at + 2;
      block.end = !unconditional(jump) ? End.Branch : calls ? End.Call : End.Jump;
    } else if (flow === Flow.Jump) {
      block.end = link ? End.Call : End.Jump;
      block.taken = this.target(jump);
    } else block.end = link ? End.CallRegister : End.Register;
    return true;
  }

  /**
   * Finds what follows what. False when a callee turned out not to return within the region, so that its call is none
   * that the region can make by itself.
   */
  private linkAll(): boolean {
    this.returns = [];
    for (const block of this.blocks) {
      if (block.end === End.Call && this.mergeable.has(block)) block.end = End.LocalCall;
      if (block.end === End.LocalCall) this.returns.push(block.next);
    }
    for (const block of this.blocks) this.link(block);
    const reached = this.reach();
    const lost = this.blocks.filter((block) => block.end === End.LocalCall && reached[this.blockAt[block.next]!] !== 1);
    for (const block of lost) {
      this.mergeable.delete(block);
      block.end = End.Call;
    }
    if (lost.length > 0) return false;
    this.prune(reached);
    return true;
  }
  private returns: number[] = [];
  private readonly mergeable = new Set<Block>();

  private link(block: Block): void {
    block.successors = [];
    const add = (at: number) => {
      const index = at >= 0 && at < PAGE_WORDS ? this.blockAt[at]! : NONE;
      if (index !== NONE && !block.successors.includes(index)) block.successors.push(index);
    };
    if (block.end === End.Branch || block.end === End.Jump || block.end === End.LocalCall) add(block.taken);
    if (block.end === End.Register && isSwitch(block.body.at(-1)!)) this.targets.forEach(add);
    if (block.end === End.Register && returnsToCaller(block)) for (const at of this.returns) add(at);
    if (!LEAVES_NEXT.has(block.end)) add(block.next);
  }

  /** 1 for each block that is reached. */
  private reach(): Uint8Array {
    const reached = new Uint8Array(this.blocks.length);
    const work = [0];
    reached[0] = 1;
    for (let i = 0; i < work.length; i++) {
      const { successors } = this.blocks[work[i]!]!;
      for (let j = 0; j < successors.length; j++) {
        const to = successors[j]!;
        if (reached[to] === 1) continue;
        reached[to] = 1;
        work.push(to);
      }
    }
    return reached;
  }

  /** Takes away what is not reached. */
  private prune(reached: Uint8Array): void {
    this.targets = this.targets.filter((at) => this.blockAt[at] !== NONE);
    if (!reached.includes(0)) return;
    const kept = this.blocks.filter((_, i) => reached[i] === 1);
    const moved = new Map(kept.map((block, i) => [this.blockAt[block.at]!, i]));
    for (const block of kept) block.successors = block.successors.map((to) => moved.get(to)!);
    this.blockAt.fill(NONE);
    for (const [i, block] of kept.entries()) this.blockAt[block.at] = i;
    this.blocks = kept;
    this.returns = this.returns.filter((at) => this.blockAt[at] !== NONE);
    this.targets = this.targets.filter((at) => this.blockAt[at] !== NONE);
  }
}

/** BEQ, BGEZ and BLEZ of a register with itself or of zero are how B is written. */
function unconditional({ word, traits: t }: Instruction): boolean {
  const rs = (word >>> 21) & 31;
  const rt = (word >>> 16) & 31;
  switch (t.instruction.name) {
    case 'beq':
      return rs === rt;
    case 'bgez':
    case 'blez':
    case 'bgezal':
      return rs === 0;
  }
  return false;
}

/** EXT and INS of bits beyond the word are reserved, which the table's patterns cannot say. */
function hasImpossibleField(word: number, t: Traits): boolean {
  const [sa, rd] = [(word >>> 6) & 31, (word >>> 11) & 31];
  if (t.instruction.name === 'ext') return sa + rd > 31;
  return t.instruction.name === 'ins' && sa > rd;
}

/** @param entry place in the page; for the rest see {@link Builder} */
export function buildRegion(
  words: Int32Array,
  first: number,
  base: number,
  entry: number,
  options: RegionOptions,
): Region {
  return new Builder(words, first, base, options).build(entry);
}
