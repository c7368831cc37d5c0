/** Light and dark: the user's choice, kept in localStorage, or the system's. `data-theme` on <html> is the switch. */
export type ThemeChoice = 'system' | 'light' | 'dark';

const KEY = 'kseg.theme';
const systemLight = matchMedia('(prefers-color-scheme: light)');

function stored(): ThemeChoice {
  const value = localStorage.getItem(KEY);
  return value === 'light' || value === 'dark' ? value : 'system';
}

class Theme {
  choice = $state<ThemeChoice>(stored());
  #systemLight = $state(systemLight.matches);
  /** Counts changes of anything a canvas resolves from tokens: theme, forced colours, device pixels. */
  revision = $state(0);

  readonly current = $derived<'light' | 'dark'>(
    this.choice === 'system' ? (this.#systemLight ? 'light' : 'dark') : this.choice,
  );

  constructor() {
    systemLight.addEventListener('change', (event) => {
      this.#systemLight = event.matches;
      this.apply();
    });
    let ratio = window.devicePixelRatio;
    window.addEventListener('resize', () => {
      if (window.devicePixelRatio === ratio) return;
      ratio = window.devicePixelRatio;
      this.revision++;
    });
    matchMedia('(forced-colors: active)').addEventListener('change', () => this.apply());
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice;
    localStorage.setItem(KEY, choice);
    this.apply();
  }

  /** Writes the theme to the document. */
  apply(): void {
    const root = document.documentElement;
    root.dataset.theme = this.current;
    /* The main process takes the next window's ground from here. */
    const ground = getComputedStyle(root).getPropertyValue('--window').trim();
    document.querySelector('meta[name=theme-color]')?.setAttribute('content', ground);
    this.revision++;
  }
}

export const theme = new Theme();
