/**
 * What a booting guest is at, read off its console: no other source knows, and a kernel says it in the same words from
 * version to version.
 */
import type { BootPhase } from '../protocol.ts';

/** Lines that begin a phase, in the order of a boot. A phase once left does not come back. */
const PHASES: readonly (readonly [line: RegExp, name: string])[] = [
  [/^Linux version /, 'kernel starts'],
  [/^Memory: \S+ available/, 'memory is set up'],
  [/^Calibrating delay loop/, 'calibrates its delay loop'],
  [/^(?:PCI host bridge|pci_bus |pci \d|PCI: )/, 'finds PCI devices'],
  [/^NET: Registered /, 'network protocols'],
  [/^(?:Trying to unpack rootfs|Unpacking initramfs)/, 'unpacks the initial RAM disk'],
  [/^(?:workingset: |Initialise system trusted)/, 'file systems and drivers'],
  [/^Serial: 8250/, 'serial ports'],
  [/^(?:Loading compiled-in X\.509|AppArmor: |ima: )/, 'certificates and security modules'],
  [/^Freeing unused kernel/, 'gives back its boot memory'],
  [/^Run \S+ as init process/, 'starts /init'],
];
const INIT = PHASES.length - 1;
/** The bundled guest has one phase, which its prompt ends. */
const LAB = /^Lab kernel /;
const LAB_PROMPT = /^lab\$ $/;
/** Whoever has not said "Linux version" within so many characters is another kernel. */
const PATIENCE = 64 * 1024;
/** The start of a longer line tells enough. */
const LONGEST_LINE = 512;

const STAMP = /^(?:<\d+>)?\[ *(\d+\.\d+)\](?:\[[^\]]*\])? /;

const PROMPT = /^[^[\s].*[#$>:] ?$/;
/** What a terminal carries out instead of showing it. */
const ESCAPES = /\x1b\[[\d;?]*[A-Za-z]/g;

/** Reads console text as it comes, line by line. */
export class BootPhases {
  /** The present phase; null before Linux speaks, and from the first line of what it has started. */
  phase: BootPhase | null = null;
  #index = -1;
  #rest = '';
  #seen = 0;
  #lab = false;
  #done = false;

  /** @param compressed the kernel unpacks itself first, for seconds and without a word */
  constructor(compressed = false) {
    if (compressed) this.phase = { name: 'kernel unpacks itself', seconds: null };
  }

  /** True as soon as nothing more can follow: further text costs nothing. */
  get done(): boolean {
    return this.#done;
  }

  /** Takes the next text; a line may be split between two calls. */
  push(text: string): void {
    if (this.#done) return;
    this.#seen += text.length;
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!.slice(0, LONGEST_LINE);
    for (const line of lines) {
      if (this.#done) break;
      this.#line(line.replace(/\r/g, ''));
    }
    if (this.#lab && LAB_PROMPT.test(this.#rest)) return this.#end();
    /* A shell's prompt stands on a line that has not ended. */
    if (this.#index === INIT && PROMPT.test(this.#rest.replace(ESCAPES, ''))) this.#end();
    if (this.#index < 0 && this.#seen > PATIENCE) this.#end();
  }

  #line(line: string): void {
    const stamp = STAMP.exec(line);
    const said = stamp ? line.slice(stamp[0].length) : line;
    if (said.startsWith('Kernel panic')) return this.#end();
    if (this.#index < 0 && LAB.test(said)) {
      this.#lab = true;
      this.phase = { name: 'kernel starts', seconds: null };
    }
    if (this.#lab) return;
    for (let i = this.#index + 1; i < PHASES.length; i++) {
      const [begins, name] = PHASES[i]!;
      if (begins.test(said)) {
        this.#index = i;
        this.phase = { name, seconds: stamp ? Number(stamp[1]) : null };
        return;
      }
      /* Nothing but its first line tells a Linux from the rest. */
      if (this.#index < 0) return;
    }
    /* A program's own words: the kernel's are stamped, or indented after "Run /init". */
    if (this.#index === INIT && !stamp && /^\S/.test(said)) this.#end();
  }

  #end(): void {
    this.#done = true;
    this.phase = null;
    this.#rest = '';
  }
}
