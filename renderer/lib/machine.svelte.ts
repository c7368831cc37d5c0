/**
 * The machine as the renderer knows it: the one store between window.kseg and the panels. A view waits for the next
 * animation frame, is drawn by whoever shows it, and only then acknowledged, so the emulator never runs ahead of the
 * screen. Parts nobody watches are not asked for.
 */
import { untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import type {
  BootPhase,
  BreakpointView,
  CpuView,
  DifferenceView,
  EventCounts,
  HostView,
  MachineInfo,
  PhaseMark,
  RunState,
  SlotView,
  TableView,
  TlbView,
  TranslateAnswer,
  ViewRequest,
  ViewUpdate,
} from '../../emulator/protocol.ts';
import type { BootRequest, KsegBridge } from '../../main/bridge.ts';
import { afterDraw, requestUpdate } from './frame.ts';
import { GUESTS, guestOf, isRequestFor } from './guests.ts';
import { defaultLayout, type Layout } from './layouts.ts';
import { messages } from './messages.svelte.ts';
import { recents } from './recents.svelte.ts';
import { mergeRequests } from './view-request.ts';

class Machine {
  info = $state.raw<MachineInfo | null>(null);
  run = $state.raw<RunState>({ state: 'off' });
  /** The newest view, for what moves. */
  view = $state.raw<ViewUpdate | null>(null);
  /** The newest one to read: numbers and names that are read side by side are all of this instant. */
  reading = $state.raw<ViewUpdate | null>(null);
  kernel = $state.raw<TableView | null>(null);
  user = $state.raw<TableView | null>(null);
  tlb = $state.raw<TlbView | null>(null);
  slot = $state.raw<SlotView | null>(null);
  translation = $state.raw<TranslateAnswer | null>(null);
  cpu = $state.raw<CpuView | null>(null);
  breakpoints = $state.raw<BreakpointView[]>([]);
  /** Both tables against the pinned instant; null while none is pinned. */
  difference = $state.raw<DifferenceView | null>(null);
  host = $state.raw<HostView | null>(null);
  /** Grows with every boot and reset, for state that belongs to one run. */
  generation = $state(0);
  /** A boot has been asked for and has neither come nor failed. */
  booting = $state(false);
  /** Where the boot's phases began, the last one its end. */
  marks = $state.raw<readonly PhaseMark[]>([]);
  /** What happened since power-on; followed while somebody watches `counts`. */
  counts = $state.raw<EventCounts | null>(null);
  /** The last boot asked for; Boot repeats it. */
  request = $state.raw<{ label: string; request: BootRequest }>(GUESTS[0]);

  /** What the booting guest is at. */
  readonly phase = $derived<BootPhase | null>(this.marks.at(-1)?.phase ?? null);
  readonly running = $derived(this.run.state === 'running');
  readonly paused = $derived(this.run.state === 'paused');
  readonly on = $derived(this.run.state === 'running' || this.run.state === 'paused');
  readonly layout = $derived<Layout>(this.info ?? defaultLayout(this.request.request.machine ?? 'kvm'));

  #kseg: KsegBridge | null = null;
  #pending: ViewUpdate | null = null;
  #pendingReading: ViewUpdate | null = null;
  /** What each panel on the screen asks for. */
  readonly #wants = new SvelteMap<object, Partial<ViewRequest>>();

  /** Subscribes to the bridge; call once. Returns a function that ends every subscription. */
  connect(kseg: KsegBridge): () => void {
    this.#kseg = kseg;
    const ends = [
      kseg.onBooted((info) => this.#booted(info)),
      kseg.onState((state) => (this.run = state)),
      kseg.onView((view) => this.#receive(view)),
      kseg.onError((message) => {
        this.booting = false;
        messages.error(message);
      }),
      kseg.onPhase((mark) => (this.marks = [...this.marks, mark])),
    ];
    const stopWatching = $effect.root(() => {
      $effect(() => {
        void this.generation;
        kseg.watch(mergeRequests(this.#wants.values()));
      });
    });
    return () => {
      stopWatching();
      for (const end of ends) end();
    };
  }

  boot(label: string, request: BootRequest): void {
    this.request = { label, request };
    this.booting = true;
    this.#kseg?.boot(request);
  }

  /**
   * For a panel's script: asks for parts of the view as long as the panel is there. `wanted` may read state; it answers
   * with an empty object while the panel is hidden. What two panels ask for is sent once.
   */
  watch(wanted: () => Partial<ViewRequest>): void {
    const key = {};
    $effect(() => {
      const request = wanted();
      untrack(() => this.#wants.set(key, request));
    });
    $effect(() => () => this.#wants.delete(key));
  }

  #booted(info: MachineInfo): void {
    this.#pending = this.#pendingReading = null;
    this.view = this.reading = null;
    this.kernel = this.user = null;
    this.tlb = null;
    this.slot = null;
    this.translation = null;
    this.cpu = null;
    this.difference = null;
    this.host = null;
    this.info = info;
    /* The boot may have come from the menu or the command line. */
    const guest = guestOf(info);
    if (guest && !isRequestFor(this.request.request, guest)) this.request = guest;
    if (this.booting) recents.add(this.request);
    this.booting = false;
    this.marks = [];
    this.counts = null;
    untrack(() => this.generation++);
  }

  #receive(view: ViewUpdate): void {
    this.#pending = view;
    if (view.reading) this.#pendingReading = view;
    requestUpdate(this.#apply);
  }

  #apply = (): void => {
    const view = this.#pending;
    if (!view) return;
    this.#pending = null;
    this.view = view;
    if (view.counts) this.counts = view.counts;
    if (view.kernel) {
      this.kernel = view.kernel;
      this.difference = view.difference ?? null;
    }
    if (view.user) this.user = view.user;
    if (view.slot) this.slot = view.slot;
    this.#read();
    afterDraw(() => this.#kseg?.ackView(view.sequence));
  };

  /* A later view without its parts may have come since. */
  #read(): void {
    const view = this.#pendingReading;
    if (!view) return;
    this.#pendingReading = null;
    this.reading = view;
    if (view.tlb) this.tlb = view.tlb;
    if (view.host) this.host = view.host;
    if (view.translate) this.translation = view.translate;
    if (view.cpu) this.cpu = view.cpu;
    if (view.breakpoints) this.breakpoints = view.breakpoints;
  }
}

export const machine = new Machine();
