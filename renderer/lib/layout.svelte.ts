/** Where the panels stand: the window's form (narrow, tabs, short), the splitters, the open tab; kept in localStorage. */
const KEY = 'kseg.layout';
/** Console's share of the width, as the design has it. */
const CONSOLE_SHARE = 0.38;

interface Saved {
  consoleShare: number;
  /** Height of Segments in CSS pixels; null: its natural height. */
  segmentsHeight: number | null;
}

function load(): Saved {
  try {
    const saved = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Saved>;
    const share = Number(saved.consoleShare);
    const height = Number(saved.segmentsHeight);
    return {
      consoleShare: share > 0.1 && share < 0.9 ? share : CONSOLE_SHARE,
      segmentsHeight: height > 40 ? height : null,
    };
  } catch {
    return { consoleShare: CONSOLE_SHARE, segmentsHeight: null };
  }
}

class LayoutState {
  width = $state(window.innerWidth);
  height = $state(window.innerHeight);
  tab = $state<string>('console');
  #saved = $state.raw<Saved>(load());

  /** Below 1,280 px toolbar labels become icons and the tables lose columns. */
  readonly narrow = $derived(this.width < 1280);
  /** Below 1,000 px Console and Segments share one place. */
  readonly tabbed = $derived(this.width < 1000);
  /** Below 800 px of height the opened slot shows one table at a time. */
  readonly short = $derived(this.height < 800);

  constructor() {
    window.addEventListener('resize', () => {
      this.width = window.innerWidth;
      this.height = window.innerHeight;
    });
  }

  get consoleShare(): number {
    return this.#saved.consoleShare;
  }
  set consoleShare(share: number) {
    this.#save({ ...this.#saved, consoleShare: share });
  }
  get segmentsHeight(): number | null {
    return this.#saved.segmentsHeight;
  }
  set segmentsHeight(height: number | null) {
    this.#save({ ...this.#saved, segmentsHeight: height });
  }

  reset(): void {
    this.tab = 'console';
    this.#save({ consoleShare: CONSOLE_SHARE, segmentsHeight: null });
  }

  #save(saved: Saved): void {
    this.#saved = saved;
    localStorage.setItem(KEY, JSON.stringify(saved));
  }
}

export const layout = new LayoutState();
