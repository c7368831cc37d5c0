/**
 * Every message between the emulator's worker and its hosts (Electron's main process, the tests), typed and
 * versioned; by subject in protocol/. Types and constants only: the renderer may import this file, and nothing else of
 * the emulator.
 *
 * Units: instructions are counted from power-on; `virtualNs` is guest time in nanoseconds; addresses are unsigned
 * 32-bit numbers; pages are 4 KiB unless a geometry says otherwise.
 */
import type { BootConfig, EventCounts, PhaseMark } from './protocol/boot.ts';
import type { BreakpointView, CpuRequest, CpuView, DebugCommand, SavedBreakpoint } from './protocol/debug.ts';
import type { MachineInfo, RunState } from './protocol/machine.ts';
import type { DifferenceView, HostView, SlotView, TableView, TlbView } from './protocol/tables.ts';
import type {
  TimelineAnswer,
  TimelineEventsPage,
  TimelineEventsRequest,
  TimelineExportRequest,
  TimelineQuery,
} from './protocol/timeline.ts';
import type { TranslateAnswer, TranslateRequest } from './protocol/translate.ts';

export * from './protocol/boot.ts';
export * from './protocol/debug.ts';
export * from './protocol/machine.ts';
export * from './protocol/tables.ts';
export * from './protocol/timeline.ts';
export * from './protocol/translate.ts';

/** A digest of these files, which the build puts here; absent where they are read without one. */
declare const __PROTOCOL__: string | undefined;

/**
 * The worker says it when it starts, and a host that was built with another does not go on: messages would be taken for
 * what they are not.
 */
export const PROTOCOL_VERSION = typeof __PROTOCOL__ === 'undefined' ? 'unbuilt' : __PROTOCOL__;

/** A picture of the machine between two instructions. Parts that nobody watches are absent. */
export interface ViewUpdate {
  sequence: number;
  /**
   * One for people to read. While the guest runs they come ten times a second; the guest TLB and the debugger's parts
   * come with these alone, so that all that is read is of one instant.
   */
  reading: boolean;
  instructions: number;
  virtualNs: number;
  /** Guest speed over the last second, or since it began to run, in millions of instructions per second of host time. */
  mips: number;
  /** Instructions in a millisecond of host time since the view before, for what is guessed ahead. */
  pace: number;
  /** Share of the instructions of that time that generated code executed (0 to 1); null: it has not run that long yet. */
  generated: number | null;
  /** Share of that time in which the guest was waiting (0 to 1). */
  idle: number;
  mode: 'kernel' | 'user';
  asid: number;
  pc: number;
  symbol: string;
  asidChanges: number;
  /** Whether the timeline's events are being recorded. */
  recording: boolean;
  /** Translations that the checker found wrong; absent while it is off. */
  differences?: number;
  /** What stands on the Malta's eight-character display; absent while it is dark. */
  display?: string;
  /** Of the LED bar beside it, a bit for each of its eight LEDs; absent while all are dark. */
  leds?: number;
  counts?: EventCounts;
  kernel?: TableView;
  user?: TableView;
  tlb?: TlbView;
  slot?: SlotView;
  /** With `segments`, while an instant is pinned. */
  difference?: DifferenceView;
  host?: HostView;
  translate?: TranslateAnswer;
  cpu?: CpuView;
  breakpoints?: BreakpointView[];
}

/** Which parts of a {@link ViewUpdate} are wanted; hidden panels cost nothing. */
export interface ViewRequest {
  counts?: boolean;
  segments: boolean;
  tlb: boolean;
  /** The pgd slot opened page by page, or null. */
  slot: number | null;
  /** The debugger's parts; absent for not wanted. */
  translate?: TranslateRequest;
  cpu?: CpuRequest;
  breakpoints?: boolean;
  /** Host TLB and host ASIDs; they come as the debugger's parts do. */
  host?: boolean;
}

/** Host to emulator. */
export type ToEmulator =
  /** `breakpoints` by guest, as `breakpoints` messages name it; absent: those of the machine before stay. */
  | { type: 'boot'; config: BootConfig; paused?: boolean; breakpoints?: Record<string, SavedBreakpoint[]> }
  | { type: 'run' }
  | { type: 'pause' }
  | { type: 'reset' }
  | { type: 'step'; instructions: number }
  /** Runs until the instruction after the next guest ASID change, then pauses; gives up where none comes for long. */
  | { type: 'runToAsidChange' }
  /** The same to the next flush of the user table, whether there is anything in it or not. */
  | { type: 'runToUserFlush' }
  | { type: 'input'; bytes: Uint8Array }
  | { type: 'watch'; request: ViewRequest }
  /** Pins both GVA page tables and the guest TLB as they are now, or lets go of what was pinned. */
  | { type: 'pin'; pinned: boolean }
  /** Answered by `debugged` with the same number. */
  | { type: 'debug'; id: number; command: DebugCommand }
  /** The renderer has written so many console bytes to its terminal. */
  | { type: 'ackConsole'; bytes: number }
  /** The renderer has drawn this view; the next one may be sent. */
  | { type: 'ackView'; sequence: number }
  /** Answered by a message of the same type and id. */
  | { type: 'timeline'; id: number; query: TimelineQuery }
  | { type: 'timelineEvents'; id: number; request: TimelineEventsRequest }
  /** Answered by the pieces of the file, each of which is to be acknowledged. One export at a time. */
  | { type: 'timelineExport'; id: number; request: TimelineExportRequest }
  | { type: 'ackTimelineExport'; id: number }
  | { type: 'cancelTimelineExport'; id: number }
  /** Has the timeline record events from now on, also of machines that are booted later, or no longer. */
  | { type: 'recordTimeline'; on: boolean }
  | { type: 'shutdown' };

/** Emulator to host. */
export type FromEmulator =
  | { type: 'hello'; protocol: string }
  | { type: 'booted'; info: MachineInfo }
  | { type: 'console'; bytes: Uint8Array }
  | { type: 'view'; view: ViewUpdate }
  | { type: 'state'; state: RunState }
  /** A boot has come to its next phase; the counts are those of that byte of console output. */
  | { type: 'phase'; mark: PhaseMark }
  /** A DebugCommand has been carried out, or could not be: one sentence. */
  | { type: 'debugged'; id: number; error?: string }
  /** Breakpoints have been made, changed or removed; `guest` is the machine and the kernel's name. */
  | { type: 'breakpoints'; guest: string; list: SavedBreakpoint[] }
  /** `null`: there is no machine. */
  | { type: 'timeline'; id: number; answer: TimelineAnswer | null }
  | { type: 'timelineEvents'; id: number; page: TimelineEventsPage | null }
  /** The next piece; `done` after the last one, which may be empty. */
  | { type: 'timelineExport'; id: number; bytes: Uint8Array; events: number; total: number; done: boolean }
  | { type: 'timelineExport'; id: number; error: string }
  /** One sentence: what, where, what to do. The machine, if any, is unharmed. */
  | { type: 'error'; message: string };

/** Console bytes that may be on their way to the renderer unacknowledged; the guest's output waits beyond it. */
export const CONSOLE_WINDOW = 256 * 1024;

/** Longest input the host may send in one message, in bytes. */
export const MAX_INPUT = 64 * 1024;
