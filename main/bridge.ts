/**
 * The one bridge between renderer and main process: what `window.kseg` offers. Definition, exposure (preload.ts), and
 * every use are found from here. Types only, so that renderer and main may both import it.
 */
import type {
  BootConfig,
  DebugCommand,
  DiskConfig,
  MachineInfo,
  PhaseMark,
  RunState,
  TimelineAnswer,
  TimelineEventsPage,
  TimelineEventsRequest,
  TimelineExportRequest,
  TimelineQuery,
  ViewRequest,
  ViewUpdate,
} from '../emulator/protocol.ts';

/** A file the user chose; its bytes stay in the main process. */
export interface OpenedFile {
  id: number;
  name: string;
  size: number;
}

/** A file in the guest library. */
export interface GuestEntry {
  id: string;
  /** A busybox boots as the small system that is made of it. */
  kind: 'kernel' | 'busybox' | 'initramfs' | 'disk';
  name: string;
  /** As its package or its own banner says; empty where neither is known. */
  version: string;
  architecture: string;
  sha256: string;
  /** In bytes. */
  size: number;
  /** When, in ISO 8601. */
  imported: string;
  /** Name of the file it came from. */
  source: string;
}

/**
 * Boot settings the renderer may send. Files go by the id of an {@link OpenedFile} or of a {@link GuestEntry}, never by
 * both.
 */
export type BootRequest = Omit<BootConfig, 'kernel' | 'initrd' | 'disks'> & {
  kernelId?: number;
  initrdId?: number;
  kernelGuest?: string;
  initrdGuest?: string;
  disks?: DiskRequest[];
};

/** A disk by the id of an {@link OpenedFile} or of a disk's {@link GuestEntry}; the latter is never writable. */
export type DiskRequest = Omit<DiskConfig, 'path'> & { fileId?: number; guest?: string };

/** A machine and its guest under a name, kept as a readable file. */
export interface BootConfiguration {
  /** Of the file that keeps it, without its extension; stays when the name changes. */
  id: string;
  name: string;
  request: BootRequest;
  /** Names of the files that `request` goes to by number. */
  files: Record<number, string>;
}

export interface Configurations {
  /** By name. */
  list: BootConfiguration[];
  /** One sentence for each file that is none; it stays as it is. */
  problems: string[];
}

export interface Versions {
  app: string;
  electron: string;
  chrome: string;
  node: string;
  v8: string;
}

/** An export of the timeline that is under way; `total` is 0 until it is known. */
export interface TimelineExportProgress {
  /** The file's name. */
  name: string;
  events: number;
  total: number;
}

/** A command of the native menu that the renderer carries out; ids are the command registry's. */
export type CommandId = string;

export type ZoomStep = 'in' | 'out' | 'reset';

/** How native parts look: menus, dialogs, the window's frame. */
export type NativeTheme = 'system' | 'light' | 'dark';

export interface KsegBridge {
  boot(request: BootRequest): void;
  run(): void;
  pause(): void;
  reset(): void;
  step(instructions: number): void;
  runToAsidChange(): void;
  runToUserFlush(): void;
  /** Console keys, as the bytes a terminal sends. */
  input(bytes: Uint8Array): void;
  watch(request: ViewRequest): void;
  /** Pins both GVA page tables as they are now, for views to be compared with, or lets go of them. */
  pinTables(pinned: boolean): void;
  /** Breakpoints, stepping over, editing: rejects with one sentence when it cannot be done. */
  debug(command: DebugCommand): Promise<void>;
  ackConsole(bytes: number): void;
  ackView(sequence: number): void;
  /** Native dialog; null when cancelled. Rejects with one sentence when the file cannot be used. */
  openKernel(): Promise<OpenedFile | null>;
  /** The same for a raw disk image, which may be larger. */
  openDisk(): Promise<OpenedFile | null>;
  /** A file dropped on the window. */
  openDropped(file: File): Promise<OpenedFile>;
  /** The guest library, newest first. */
  guests(): Promise<GuestEntry[]>;
  /** Native dialog for several files; resolves to what was imported. Rejects with one sentence naming the bad file. */
  importGuests(): Promise<GuestEntry[]>;
  /** A file dropped on the window goes into the library; resolves to what was in it. */
  importDropped(file: File): Promise<GuestEntry>;
  removeGuest(id: string): Promise<void>;
  configurations(): Promise<Configurations>;
  /** Keeps a configuration: a new one when `id` is null. Resolves to it as it was saved. */
  saveConfiguration(change: { id: string | null; name: string; request: BootRequest }): Promise<BootConfiguration>;
  /** Takes its file out of the folder, for {@link restoreConfiguration} or the user to bring back. */
  removeConfiguration(id: string): Promise<void>;
  restoreConfiguration(id: string): Promise<void>;
  /** Save dialog; resolves to the file's name, or null when cancelled. */
  saveText(suggestedName: string, text: string): Promise<string | null>;
  copyText(text: string): void;
  /** Makes the page larger or smaller, by one step of Chromium's. */
  zoom(step: ZoomStep): void;
  /** Has native parts follow the page's theme. `system` also gives `prefers-color-scheme` back to the system. */
  theme(native: NativeTheme): void;
  /** Null without a machine. Ask again when the answer has come. */
  timeline(query: TimelineQuery): Promise<TimelineAnswer | null>;
  timelineEvents(request: TimelineEventsRequest): Promise<TimelineEventsPage | null>;
  /** Save dialog, then the export. Resolves to the file's name, or null when cancelled; rejects with one sentence. */
  exportTimeline(request: TimelineExportRequest): Promise<string | null>;
  cancelTimelineExport(): void;
  /** Has events recorded from now on, or no longer; views say which. */
  recordTimeline(on: boolean): void;
  versions(): Promise<Versions>;
  /** Tells main that the renderer listens; main answers with the present state and the console so far. */
  ready(): void;

  /** Subscriptions; each returns a function that ends it. */
  onBooted(listener: (info: MachineInfo) => void): () => void;
  onConsole(listener: (bytes: Uint8Array) => void): () => void;
  onView(listener: (view: ViewUpdate) => void): () => void;
  onState(listener: (state: RunState) => void): () => void;
  /** The phases of the last boot, each as it begins; a page that loads anew gets those so far. */
  onPhase(listener: (mark: PhaseMark) => void): () => void;
  onError(listener: (message: string) => void): () => void;
  onCommand(listener: (command: CommandId) => void): () => void;
  /** The export under way, and null when none is any more. */
  onTimelineExport(listener: (progress: TimelineExportProgress | null) => void): () => void;
  /** The file being imported, and null when none is any more. */
  onImporting(listener: (name: string | null) => void): () => void;
}

declare global {
  interface Window {
    kseg: KsegBridge;
  }
}
