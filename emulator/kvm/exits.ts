/**
 * What every exit of the `kvm` machine's guest brings with it: it is counted, and an interrupt that is queued may be
 * delivered at it (arch/mips/kvm/interrupt.c of Linux 4.11).
 */
import { CAUSE_IP, CAUSE_IP7, CAUSE_TI, Cp0, STATUS_ERL, STATUS_EXL, STATUS_IE } from '../cpu/cp0.ts';
import { ExcCode } from '../cpu/exceptions.ts';
import { Privileged, type GuestObserver } from '../cpu/privileged.ts';
import { HYPERVISOR_AT } from '../memory.ts';
import { STAT_OF_EXIT, VCPU_STATS, type VcpuStat } from './statistics.ts';

export interface HypervisorObserver extends GuestObserver {
  /** The guest left to the hypervisor: an ExcCode, EXIT_WAIT or EXIT_CACHE; for a TLB or address error at `va`. */
  exit(reason: number, va: number): void;
  /** The hypervisor emulated an access to a CP0 register, by index, or to a hardware register (RDHWR). */
  hwr(operation: 'MFC0' | 'MTC0' | 'RDHWR', register: number, value: number): void;
}

/** Cause.IP bits of interrupts that can be queued, in order of delivery: timer, I/O, and two inter-processor ones. */
const QUEUED_INTERRUPTS = [CAUSE_IP7, 0x400, 0x800, 0x1000] as const;
export const SOFTWARE_INTERRUPTS = 0x300;
/** The host's own timer interrupt, at 250 Hz: an exit that lets a guest see what it unmasked without one. */
const HOST_TICK_NS = 4_000_000;

export abstract class Exits extends Privileged {
  declare protected readonly observer: HypervisorObserver;
  readonly statistics: Record<VcpuStat, number> = Object.fromEntries(VCPU_STATS.map((name) => [name, 0])) as never;
  /** Interrupts waiting for delivery (KVM's pending_exceptions), as Cause.IP bits. */
  protected get queued(): number {
    return this.cpu.memory.words[HYPERVISOR_AT.queued >>> 2]!;
  }
  protected set queued(bits: number) {
    this.cpu.memory.words[HYPERVISOR_AT.queued >>> 2] = bits;
  }
  /** An exit has happened at which a queued interrupt could be delivered. */
  private deliver = false;
  private cancelTick: (() => void) | null = null;

  protected setResetValues(): void {
    this.queued = 0;
    this.deliver = false;
    this.cancelTick?.();
    this.cancelTick = null;
  }

  protected startTicks(): void {
    this.cancelTick = this.clock.schedule(this.clock.now() + HOST_TICK_NS, () => {
      this.exit(ExcCode.Int);
      this.startTicks();
    });
  }

  /** @param dispatched false when the privilege filter hands the exception to the guest before any handler */
  protected exit(reason: number, dispatched = true, va = 0): void {
    this.observer.exit(reason, va);
    const name = STAT_OF_EXIT[reason];
    if (dispatched && name) this.statistics[name]++;
    // The return to the guest is an ERET.
    this.cpu.linked = false;
    // The guest may have written Status through the commpage since the last exit.
    if (this.modeOf(this.cp0[Cp0.Status]!) !== this.mode) this.modeChanged();
    this.seekDelivery();
  }

  /** Generated code has made so many exits for a reason, and all that follows from them. */
  exited(reason: number, count: number): void {
    this.statistics[STAT_OF_EXIT[reason]!] += count;
  }

  // Interrupts: queued by the host, delivered at most one an exit, and then forgotten, whatever Cause still says

  protected override timerMatched(): void {
    this.cp0[Cp0.Cause]! |= CAUSE_TI | CAUSE_IP7;
    this.queued |= CAUSE_IP7;
    this.exit(ExcCode.Int);
    if (this.waiting) this.clock.interrupt();
  }

  protected override updateInterrupts(): void {
    super.updateInterrupts();
    this.requeue();
    // A line that falls takes its queued interrupt along.
    this.queued &= CAUSE_IP7 | this.pins;
    this.seekDelivery();
  }

  protected requeue(): void {
    this.queued |= this.pins & (QUEUED_INTERRUPTS[1] | QUEUED_INTERRUPTS[2] | QUEUED_INTERRUPTS[3]);
  }

  /** Queued interrupts that Status lets through. KVM never delivers software interrupts; this does. */
  private deliverable(): number {
    const status = this.cp0[Cp0.Status]!;
    if ((status & (STATUS_IE | STATUS_EXL | STATUS_ERL)) !== STATUS_IE) return 0;
    return (this.queued | (this.cp0[Cp0.Cause]! & SOFTWARE_INTERRUPTS)) & status & CAUSE_IP;
  }

  protected seekDelivery(): void {
    if (this.deliverable() === 0) return;
    this.deliver = true;
    this.clock.interrupt();
  }

  override interruptPending(): boolean {
    if (this.deliver && this.deliverable() === 0) this.deliver = false;
    return this.deliver;
  }

  override takeInterrupt(): void {
    const ready = this.deliverable();
    const first = QUEUED_INTERRUPTS.find((bit) => (ready & bit) !== 0) ?? 0;
    this.queued &= ~first;
    this.deliver = false;
    super.takeInterrupt();
  }

  protected override modeChanged(): void {
    super.modeChanged();
    this.seekDelivery();
  }

  /** Runnable: anything is queued, whatever Status masks (Config7.WII). */
  override wakes(): boolean {
    return this.queued !== 0 || (this.cp0[Cp0.Cause]! & this.cp0[Cp0.Status]! & SOFTWARE_INTERRUPTS) !== 0;
  }
}
