/**
 * The window's form (narrow, tabs, short) and the layouts of panels in it: which one is open, what stands where in it,
 * what is in front. Kept in localStorage.
 */
import {
  LAYOUTS,
  areaOf,
  defaultArrangement,
  groupsOf,
  isLayout,
  restoreArrangement,
  withClosed,
  withMoved,
  withShown,
  type Area,
  type Arrangement,
  type Form,
  type Group,
  type LayoutName,
  type Placed,
} from './arrangement.ts';

const KEY = 'kseg.layouts';

function load(): { current?: unknown; layouts?: unknown } {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof saved === 'object' && saved !== null ? saved : {};
  } catch {
    return {};
  }
}

class LayoutState {
  width = $state(window.innerWidth);
  height = $state(window.innerHeight);
  current = $state<LayoutName>('mmu');
  #panels: readonly Placed[] = [];
  #arrangements = $state.raw({} as Record<LayoutName, Arrangement>);

  /** Below 1,280 px toolbar labels become icons and the tables lose columns. */
  readonly narrow = $derived(this.width < 1280);
  /** Below 1,000 px Console and Segments share one place. */
  readonly tabbed = $derived(this.width < 1000);
  /** Below 870 px of height the opened slot shows one table at a time: both have no room under the tour's offer. */
  readonly short = $derived(this.height < 870);

  readonly form = $derived<Form>(!this.tabbed ? 'wide' : this.height < 600 ? 'single' : 'tabs');
  readonly arrangement = $derived(this.#arrangements[this.current]);
  readonly groups = $derived<Group[]>(this.arrangement ? groupsOf(this.arrangement, this.form) : []);

  constructor() {
    window.addEventListener('resize', () => {
      this.width = window.innerWidth;
      this.height = window.innerHeight;
    });
  }

  /** Says which panels there are; call once, before anything is drawn. */
  use(panels: readonly Placed[]): void {
    this.#panels = panels;
    const { current, layouts } = load();
    if (isLayout(current)) this.current = current;
    const saved = (typeof layouts === 'object' && layouts !== null ? layouts : {}) as Partial<Record<string, unknown>>;
    this.#arrangements = Object.fromEntries(
      LAYOUTS.map(({ id }) => [id, restoreArrangement(saved[id], id, panels)]),
    ) as Record<LayoutName, Arrangement>;
  }

  choose(name: LayoutName): void {
    this.current = name;
    this.#save();
  }

  /** Whether a panel is on the screen: in this layout, and in front. */
  shows(id: string): boolean {
    return this.groups.some(({ front }) => front === id);
  }

  /** Brings a panel to the front, into this layout if it is not there. */
  show(id: string): void {
    const panel = this.#panels.find((known) => known.id === id);
    if (panel) this.change(withShown(this.arrangement, panel));
  }

  close(id: string): void {
    if (areaOf(this.arrangement, id)) this.change(withClosed(this.arrangement, id));
  }

  move(id: string, area: Area): void {
    if (areaOf(this.arrangement, id)) this.change(withMoved(this.arrangement, id, area));
  }

  /** Changes the open layout. */
  change(changed: Partial<Arrangement>): void {
    this.#arrangements = { ...this.#arrangements, [this.current]: { ...this.arrangement, ...changed } };
    this.#save();
  }

  /** One border where it was at first. */
  restoreSize(size: 'leftShare' | 'topHeight' | 'bottomHeight'): void {
    this.change({ [size]: defaultArrangement(this.current, this.#panels)[size] });
  }

  /** The open layout as it was at the first start. */
  reset(): void {
    this.change(defaultArrangement(this.current, this.#panels));
  }

  #save(): void {
    localStorage.setItem(KEY, JSON.stringify({ current: this.current, layouts: this.#arrangements }));
  }
}

export const layout = new LayoutState();
