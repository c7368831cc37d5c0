/** The debugger's side of a machine that somebody looks at: its parts of the views, and the commands of its panels. */
import { Cp0, cp0Name } from './cpu/cp0.ts';
import { READ } from './cpu/cpu.ts';
import { WRITABLE_CP0 } from './debug/cp0-fields.ts';
import { Inspector, cp0Registers } from './debug/inspect.ts';
import { hasDelaySlot, isCall } from './debug/listing.ts';
import { locate, peekValue } from './debug/peek.ts';
import { gpaOf, probe } from './debug/probe.ts';
import { reverse } from './debug/reverse.ts';
import { translate } from './debug/translate.ts';
import { addressNow } from './debug/values.ts';
import { viewHost } from './host-view.ts';
import type { Machine } from './machine.ts';
import { PinnedTables } from './pinned-tables.ts';
import type { DebugCommand, TranslateAnswer, TranslateRequest, ViewRequest, ViewUpdate } from './protocol.ts';

const SP = 29;
const PC = 34;
const ERET = 0x42000018;

export class DebugSession {
  /** What both GVA page tables are compared with. */
  pinned: PinnedTables | null = null;
  private readonly inspector: Inspector;

  constructor(private readonly machine: Machine) {
    this.inspector = new Inspector(machine);
  }

  /** Somebody lets the machine go on from where it stands. */
  resume(): void {
    // Against a machine just switched on, of which nobody has seen anything, all would have changed.
    if (this.inspector.looked || this.machine.clock.instructions() > 0) this.inspector.mark();
    this.machine.breakpoints.resume();
  }

  /** Pins both tables as they are now, or lets go of them. */
  pin(pinned: boolean): void {
    this.pinned = pinned ? new PinnedTables(this.machine) : null;
  }

  view(request: ViewRequest): Pick<ViewUpdate, 'translate' | 'cpu' | 'breakpoints' | 'host'> {
    const view: Pick<ViewUpdate, 'translate' | 'cpu' | 'breakpoints' | 'host'> = {};
    if (request.translate) view.translate = this.translate(request.translate);
    if (request.cpu) view.cpu = this.inspector.view(request.cpu);
    if (request.breakpoints) view.breakpoints = this.machine.breakpoints.view();
    if (request.host) view.host = viewHost(this.machine);
    return view;
  }

  private translate(request: TranslateRequest): TranslateAnswer {
    try {
      return request.direction === 'virtual'
        ? translate(this.machine, request)
        : reverse(this.machine, request.address);
    } catch (error) {
      return { direction: 'error', message: (error as Error).message };
    }
  }

  /**
   * Carries a command out.
   * @returns true when the machine shall run now
   * @throws Error with one sentence
   */
  carryOut(command: DebugCommand, running: boolean): boolean {
    const { breakpoints } = this.machine;
    switch (command.do) {
      case 'addBreakpoint':
        breakpoints.add(command.spec);
        return false;
      case 'changeBreakpoint': {
        const { id, enabled, condition, ignore, resetHits } = command;
        breakpoints.change(id, { enabled, condition, ignore, resetHits });
        return false;
      }
      case 'removeBreakpoint':
        breakpoints.remove(command.id);
        return false;
      case 'stepOver':
        this.mustStand(running);
        return this.stepOver();
      case 'runTo': {
        const pc = addressNow(this.machine, command.address);
        if (pc % 4 !== 0) throw new Error(`No instruction begins at 0x${pc.toString(16)}: give a multiple of 4.`);
        breakpoints.runUntil({ pc });
        return true;
      }
      case 'setRegister':
        this.mustStand(running);
        this.setRegister(command.register, command.value);
        return false;
      case 'setCp0':
        this.mustStand(running);
        this.setCp0(command.index, command.value);
        return false;
      case 'setMemory':
        this.mustStand(running);
        this.setMemory(command.address, command.physical, command.bytes);
        return false;
    }
  }

  private mustStand(running: boolean): void {
    if (running) throw new Error('The guest is running: pause it first.');
    if (this.machine.end) throw new Error('The run has ended: boot the guest again.');
  }

  /** To the next instruction of this code and this call; a jump or an ERET goes where it goes, so it is one step. */
  private stepOver(): boolean {
    const { machine } = this;
    const { cpu, system, breakpoints } = machine;
    const pc = cpu.pc >>> 0;
    const word = peekValue(machine, pc, 4);
    const call = word !== null && isCall(word);
    if (word === null || word === ERET || (hasDelaySlot(word) && !call)) {
      this.resume();
      machine.run(1, Infinity);
      return false;
    }
    const user = machine.mode === 'user';
    breakpoints.runUntil({
      pc: (pc + (call ? 8 : 4)) >>> 0,
      mode: machine.mode,
      // The stack tells this call from others of the same code. An instruction may move it itself, a call may not.
      ...(call ? { sp: cpu.r[SP]! >>> 0 } : {}),
      ...(user ? { asid: system.asid } : {}),
    });
    return true;
  }

  private setRegister(register: number, value: number): void {
    const { cpu } = this.machine;
    if (register === 0) throw new Error('Register zero is always 0.');
    this.inspector.mark();
    if (register !== PC) {
      cpu.r[register] = value;
      return;
    }
    if (value % 4 !== 0) throw new Error(`PC cannot be 0x${value.toString(16)}: give a multiple of 4.`);
    cpu.pc = value | 0;
    cpu.delay = 0;
  }

  private setCp0(index: number, value: number): void {
    const { machine } = this;
    if (!WRITABLE_CP0.has(index) || !cp0Registers(machine).some((register) => register.index === index)) {
      throw new Error(`${cp0Name(index)} cannot be set here: choose a register that kernels write, EntryHi for one.`);
    }
    const { tlbEntries } = machine.options;
    if (index === Cp0.Index && value >= tlbEntries) {
      throw new Error(`Index cannot be ${value}: give a TLB entry, 0 to ${tlbEntries - 1}.`);
    }
    this.inspector.mark();
    // What the user does is no event that the user waits for.
    const { breakpoints } = machine;
    const wanted = breakpoints.eventsWanted;
    breakpoints.eventsWanted = false;
    try {
      machine.system.pokeCp0(index, value);
    } finally {
      breakpoints.eventsWanted = wanted;
    }
  }

  private setMemory(address: number, physical: boolean, bytes: Uint8Array): void {
    const { machine } = this;
    const places = Array.from(bytes, (_, i) => {
      const at = (address + i) >>> 0;
      const gpa = physical ? at : gpaOf(machine, probe(machine, at, READ));
      if ((physical || typeof locate(machine, at) === 'number') && gpa >= 0 && machine.mmu.ram(gpa) >= 0) return gpa;
      throw new Error(`There is no RAM at 0x${at.toString(16).padStart(8, '0')}, so nothing can be written there.`);
    });
    this.inspector.mark();
    places.forEach((gpa, i) => machine.writeRam(gpa, bytes.subarray(i, i + 1)));
  }
}
