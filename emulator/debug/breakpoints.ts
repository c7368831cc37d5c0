/**
 * Breakpoints. Those on events are asked where the event is a slow path already; those on addresses and data have every
 * access looked at, and only while one is set (Privileged.watch). They stop before their instruction, which a run from
 * there then executes; events stop after theirs.
 */
import { FETCH, READ, WRITE, type Access } from '../cpu/cpu.ts';
import { Cp0 } from '../cpu/cp0.ts';
import { EXCEPTION_NAMES, type ExcCode } from '../cpu/exceptions.ts';
import type { AccessWatcher } from '../cpu/guest-accesses.ts';
import type { AddressSpace } from '../mmu/mmu.ts';
import type { BreakpointView, SavedBreakpoint, StopReport, TableName } from '../protocol.ts';
import { dataAccess } from './access-size.ts';
import { hit, resolve, savedOf, viewOf, type Breakpoint } from './breakpoint.ts';
import { exitName, formatAwaited, parseSpec, SpecError, type Awaited } from './breakpoint-spec.ts';
import type { Values } from './expression.ts';
import { peekValue } from './peek.ts';
import { probe } from './probe.ts';
import type { SymbolTable } from './symbols.ts';
import type { DebugTarget } from './target.ts';
import { hex } from './trace.ts';
import { valuesOf } from './values.ts';

/** The machine round the breakpoints. */
export interface BreakpointHost extends DebugTarget {
  readonly clock: { instructions(): number };
  /** Ends the run after the present instruction. */
  stop(): void;
}

export interface BreakpointChange {
  enabled?: boolean;
  /** Empty takes the condition away. */
  condition?: string;
  ignore?: number;
  /** Starts counting anew. */
  resetHits?: boolean;
}

/** A place to run to, once: `sp` and `asid` tell this call from others of the same code. */
export interface Until {
  pc: number;
  sp?: number;
  asid?: number;
  mode?: 'kernel' | 'user';
}

const MOST = 256;

export class Breakpoints implements AccessWatcher {
  /** Whether a breakpoint on an event is enabled, or a run to one is under way: where it is false, an event costs one test. */
  eventsWanted = false;
  /** What stopped the last run; null when something else ended it. */
  report: StopReport | null = null;
  private list: Breakpoint[] = [];
  private nextId = 1;
  private until: Until | null = null;
  private untilFlush: TableName | null = null;
  private symbols: SymbolTable | null = null;
  private byAddress = new Map<number, Breakpoint[]>();
  private watched: Breakpoint[] = [];
  private readonly values: Values;
  /** Instructions, by count and PC, that breakpoints have stopped at already: they are executed next. */
  private passed: { count: number; pc: number; data: boolean }[] = [];

  constructor(private readonly host: BreakpointHost) {
    this.values = valuesOf(host);
  }

  /** Whether every access must be looked at: a run must go through the interpreter, with {@link stops} asked. */
  get needsStepping(): boolean {
    return this.byAddress.size > 0 || this.watched.length > 0 || this.until !== null;
  }

  /** @throws SpecError, ExpressionError: one sentence */
  add(text: string): number {
    if (this.list.length >= MOST) throw new SpecError(`There are ${MOST} breakpoints, which is the most: remove some.`);
    const spec = parseSpec(text);
    const breakpoint = { ...spec, id: this.nextId, enabled: true, hits: 0, holds: null, at: null, pending: '' };
    resolve(breakpoint, this.host, true);
    this.nextId++;
    this.list.push(breakpoint);
    this.sort();
    return breakpoint.id;
  }

  /** @throws SpecError when there is none of this number, ExpressionError for a bad condition */
  change(id: number, change: BreakpointChange): void {
    const breakpoint = this.find(id);
    if (change.condition !== undefined) {
      const changed = { ...breakpoint, condition: change.condition.trim() };
      resolve(changed, this.host, true);
      Object.assign(breakpoint, changed);
    }
    if (change.enabled !== undefined) breakpoint.enabled = change.enabled;
    if (change.ignore !== undefined) breakpoint.ignore = change.ignore;
    if (change.resetHits) breakpoint.hits = 0;
    this.sort();
  }

  remove(id: number): void {
    this.find(id);
    this.list = this.list.filter((each) => each.id !== id);
    this.sort();
  }

  /** Takes over what another machine's breakpoints wait for; hits count from 0. */
  adopt(others: Breakpoints): void {
    this.list = others.list.map((each) => ({ ...each, hits: 0 }));
    this.nextId = others.nextId;
    this.symbols = null;
    this.prepare();
  }

  /** What {@link restore} takes. */
  save(): SavedBreakpoint[] {
    return this.list.map(savedOf);
  }

  /**
   * Has these breakpoints instead of those there are; what they name need not be known yet.
   * @throws SpecError for the first that is none; the others are there then
   */
  restore(saved: readonly SavedBreakpoint[]): void {
    let problem: unknown = null;
    this.list = [];
    for (const { spec, enabled } of saved.slice(0, MOST)) {
      try {
        const id = this.nextId++;
        this.list.push({ ...parseSpec(spec), id, enabled, hits: 0, holds: null, at: null, pending: '' });
      } catch (error) {
        problem ??= error;
      }
    }
    this.symbols = null;
    this.prepare();
    if (problem !== null) throw problem;
  }

  private find(id: number): Breakpoint {
    const found = this.list.find((each) => each.id === id);
    if (!found) throw new SpecError(`There is no breakpoint ${id}.`);
    return found;
  }

  view(): BreakpointView[] {
    return this.list.map((each) => viewOf(each, this.host));
  }

  // Running

  /** Before a run, between instructions: symbols may have come, and accesses are looked at or not. */
  prepare(): void {
    this.report = null;
    // To ask for them may be to have them searched for.
    if (this.list.length > 0 && this.symbols !== this.host.symbols) {
      this.symbols = this.host.symbols;
      for (const each of this.list) resolve(each, this.host, false);
      this.sort();
    }
    this.host.system.watch(this.needsStepping ? this : null);
  }

  /** Somebody lets the machine run on from where it stands: what stands there has been seen. */
  resume(): void {
    const count = this.host.clock.instructions() + 1;
    this.passed = this.passed.filter((each) => each.count >= count);
    this.passed.push({ count, pc: this.host.cpu.pc >>> 0, data: false });
  }

  /** Runs to a place, once; null: no more. */
  runUntil(until: Until | null): void {
    this.endRuns();
    this.until = until;
  }

  /** Runs to the next flush of a table. */
  runUntilFlush(table: TableName): void {
    this.endRuns();
    this.untilFlush = table;
    this.eventsWanted = true;
  }

  /** Such a run is under way. */
  get runsToFlush(): boolean {
    return this.untilFlush !== null;
  }

  private endRuns(): void {
    this.until = null;
    if (this.untilFlush === null) return;
    this.untilFlush = null;
    this.sort();
  }

  stops(va: number, access: Access): boolean {
    if (access === FETCH) return this.stopsFetch(va);
    return this.watched.length > 0 && this.stopsData(va, access);
  }

  private stopsFetch(va: number): boolean {
    const here = this.byAddress.get(va);
    const arrived = this.until !== null && va === this.until.pc && this.isArrival(this.until);
    if ((!here && !arrived) || this.hasPassed(va, false)) return false;
    // What cannot be fetched is not executed: its exception comes first.
    const { kind } = probe(this.host, va, FETCH).outcome;
    if (kind === 'exception' || kind === 'fatal') return false;
    let stops = false;
    for (const each of here ?? []) {
      if (!hit(each, this.values)) continue;
      stops = true;
      this.say(each, va, `before ${this.name(va)}`);
    }
    if (arrived && !stops) {
      this.report = { breakpoint: null, spec: '', pc: va, instructions: this.executed(), message: '' };
      stops = true;
    }
    if (stops) this.halt(va, false);
    else this.pass(va, false);
    return stops;
  }

  private isArrival({ sp, asid, mode }: Until): boolean {
    const { cpu, system } = this.host;
    if (sp !== undefined && cpu.r[29]! >>> 0 !== sp) return false;
    return (asid === undefined || system.asid === asid) && (mode === undefined || this.host.mode === mode);
  }

  private stopsData(va: number, access: Access): boolean {
    const pc = this.host.cpu.pc >>> 0;
    const word = peekValue(this.host, pc, 4);
    const range = word === null ? null : dataAccess(word, va, this.host.cpu.bigEndian);
    if (!range) return false;
    const touched = this.watched.filter(
      ({ awaited, at }) =>
        (awaited.kind === 'access' || awaited.kind === (access === WRITE ? 'write' : 'read')) &&
        range.start < at! + (awaited as { length: number }).length &&
        range.start + range.length > at!,
    );
    if (touched.length === 0 || this.hasPassed(pc, true)) return false;
    const { kind } = probe(this.host, va, access).outcome;
    if (kind === 'exception' || kind === 'fatal') return false;
    let stops = false;
    const what = `${access === READ ? 'read' : 'write'} of ${range.length} byte${range.length === 1 ? '' : 's'}`;
    for (const each of touched) {
      if (!hit(each, this.values)) continue;
      stops = true;
      this.say(each, pc, `before a ${what} at ${this.name(range.start)} by ${this.name(pc)}`);
    }
    if (stops) this.halt(pc, true);
    else this.pass(pc, true);
    return stops;
  }

  private hasPassed(pc: number, data: boolean): boolean {
    const count = this.host.clock.instructions();
    return this.passed.some((each) => each.count === count && each.pc === pc && (each.data || !data));
  }

  /** The instruction at `pc` is executed when it comes round the next time. */
  private pass(pc: number, data: boolean): void {
    this.passed = [{ count: this.host.clock.instructions(), pc, data }];
  }

  private halt(pc: number, data: boolean): void {
    this.pass(pc, data);
    this.endRuns();
    this.host.stop();
  }

  /** Instructions executed before the one under way. */
  private executed(): number {
    return this.host.clock.instructions() - 1;
  }

  private name(va: number): string {
    const symbol = this.host.symbols.describe(va);
    return symbol === '' ? hex(va) : `${hex(va)} ${symbol}`;
  }

  /** The first of several that stop at once gives the reason. */
  private say({ id, awaited, hits }: Breakpoint, pc: number, what: string): void {
    const { host } = this;
    if (this.report) return;
    const instructions = this.executed();
    const spec = formatAwaited(awaited);
    const times = hits === 1 ? 'first hit' : `hit ${hits}`;
    const where = `${host.mode}, ASID ${hex(host.system.asid, 2)}`;
    this.report = {
      breakpoint: id,
      spec,
      pc,
      instructions,
      message: `Breakpoint ${id} (${spec}): ${what}; ${where}, ${times}.`,
    };
  }

  // Events, told by the machine where `eventsWanted`

  private event<K extends Awaited['kind']>(
    kind: K,
    matches: (awaited: Extract<Awaited, { kind: K }>) => boolean,
    what: () => string,
  ): void {
    const pc = this.host.cpu.pc >>> 0;
    for (const each of this.list) {
      if (!each.enabled || each.awaited.kind !== kind || !matches(each.awaited as never) || !hit(each, this.values))
        continue;
      // What changes the address space lies behind PC when it is told.
      const relation = kind === 'asid' || kind === 'flush' ? 'before' : 'at';
      this.say(each, pc, `${what()} ${relation} ${this.name(pc)}`);
      this.endRuns();
      this.host.stop();
    }
  }

  asidChanged(before: number, now: number): void {
    const what = () => `ASID ${hex(before, 2)} to ${hex(now, 2)}`;
    this.event('asid', ({ asid }) => asid === null || asid === now, what);
  }

  tlbWritten(index: number, random: boolean): void {
    const what = () => `TLB entry ${index} written (${random ? 'TLBWR' : 'TLBWI'})`;
    this.event('tlb', (awaited) => awaited.index === null || awaited.index === index, what);
  }

  flushed({ name, last: { kind, tablesFreed, pages } }: AddressSpace): void {
    const arrived = this.untilFlush === name;
    const of = kind.startsWith('KMF_GPA') ? 'gpa' : name;
    const what = () => `${kind} flush of the ${name} table, ${tablesFreed} tables and ${pages} pages,`;
    this.event('flush', (awaited) => awaited.of === null || awaited.of === of, what);
    if (!arrived) return;
    const pc = this.host.cpu.pc >>> 0;
    this.report ??= { breakpoint: null, spec: '', pc, instructions: this.executed(), message: '' };
    this.endRuns();
    this.host.stop();
  }

  exit(reason: number): void {
    this.event(
      'exit',
      (awaited) => awaited.reason === null || awaited.reason === reason,
      () => `exit ${exitName(reason)}`,
    );
  }

  exception(code: ExcCode, refill: boolean): void {
    const what = () => {
      const bad = code >= 1 && code <= 5 ? `, BadVAddr ${this.name(this.host.system.cp0[Cp0.BadVAddr]! >>> 0)},` : '';
      return `exception ${EXCEPTION_NAMES[code]}${refill ? ' (refill)' : ''}${bad}`;
    };
    const matches = (wanted: number | 'refill' | null) =>
      wanted === null || (wanted === 'refill' ? refill : wanted === code);
    this.event('exception', (awaited) => matches(awaited.code), what);
  }

  private sort(): void {
    this.byAddress = new Map();
    this.watched = [];
    this.eventsWanted = false;
    for (const each of this.list) {
      if (!each.enabled) continue;
      if (!('place' in each.awaited)) this.eventsWanted = true;
      else if (each.at === null) continue;
      else if (each.awaited.kind !== 'address') this.watched.push(each);
      else this.byAddress.set(each.at, [...(this.byAddress.get(each.at) ?? []), each]);
    }
    if (this.untilFlush !== null) this.eventsWanted = true;
  }
}
