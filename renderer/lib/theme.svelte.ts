/**
 * Light, dark, high contrast: the user's choice, kept in localStorage, or the system's. `data-theme` on <html> is the
 * switch.
 */
export type ThemeName = 'light' | 'dark' | 'contrast';
export type ThemeChoice = 'system' | ThemeName;

const KEY = 'kseg.theme';
const systemLight = matchMedia('(prefers-color-scheme: light)');
const systemContrast = matchMedia('(prefers-contrast: more)');

function stored(): ThemeChoice {
  const value = localStorage.getItem(KEY);
  return value === 'light' || value === 'dark' || value === 'contrast' ? value : 'system';
}

class Theme {
  choice = $state<ThemeChoice>(stored());
  #systemLight = $state(systemLight.matches);
  #systemContrast = $state(systemContrast.matches);
  /** Counts changes of anything a canvas resolves from tokens: theme, forced colours, device pixels. */
  revision = $state(0);

  readonly current = $derived.by<ThemeName>(() => {
    if (this.choice !== 'system') return this.choice;
    return this.#systemContrast ? 'contrast' : this.#systemLight ? 'light' : 'dark';
  });

  constructor() {
    systemLight.addEventListener('change', (event) => {
      this.#systemLight = event.matches;
      this.apply();
    });
    systemContrast.addEventListener('change', (event) => {
      this.#systemContrast = event.matches;
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
    window.kseg.theme(choice === 'contrast' ? 'dark' : choice);
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
