/**
 * The terminal of the guest's serial line: xterm with search, WebGL where there is any, and flow control, so that no
 * more of a boot log is in memory than the terminal has room for.
 */
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon, type ISearchOptions } from '@xterm/addon-search';
import { WebglAddon } from '@xterm/addon-webgl';
import { Terminal, type ITheme } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { MAX_INPUT, type MachineInfo } from '../../../emulator/protocol.ts';
import { MACHINE_LABEL } from '../../lib/layouts.ts';
import { cssColor, token } from '../../lib/palette.ts';
import { classifyKey } from './keys.ts';

const SCROLLBACK = 10_000;
const mac = navigator.platform.startsWith('Mac');

export interface ConsoleEvents {
  input: (bytes: Uint8Array) => void;
  find: () => void;
  copy: () => void;
  resize: (columns: number, rows: number) => void;
  results: (index: number, count: number) => void;
}

export class ConsoleTerminal {
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #search = new SearchAddon();

  constructor(host: HTMLElement, events: ConsoleEvents) {
    const style = getComputedStyle(document.documentElement);
    this.#terminal = new Terminal({
      allowProposedApi: true,
      scrollback: SCROLLBACK,
      overviewRuler: { width: 10 },
      fontFamily: style.getPropertyValue('--font-mono'),
      fontSize: parseInt(style.getPropertyValue('--fs-1')),
      lineHeight: 1.12,
      fontWeightBold: 600,
      cursorBlink: false,
      macOptionIsMeta: true,
      minimumContrastRatio: 4.5,
      theme: terminalTheme(),
    });
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.loadAddon(this.#search);
    this.#terminal.attachCustomKeyEventHandler((event) => this.#key(event, events));
    const encoder = new TextEncoder();
    this.#terminal.onData((text) => send(encoder.encode(text), events.input));
    this.#terminal.onBinary((text) =>
      send(
        Uint8Array.from(text, (c) => c.charCodeAt(0)),
        events.input,
      ),
    );
    this.#terminal.onResize(({ cols, rows }) => events.resize(cols, rows));
    this.#search.onDidChangeResults(({ resultIndex, resultCount }) => events.results(resultIndex, resultCount));
    this.#terminal.open(host);
    this.#terminal.textarea?.setAttribute('aria-label', 'Guest console; F6 leaves it');
    this.#useWebgl();
    this.fit();
    events.resize(this.#terminal.cols, this.#terminal.rows);
  }

  /** Writes guest output; `written` is called once the terminal has taken it in. */
  write(bytes: Uint8Array, written: () => void): void {
    this.#terminal.write(bytes, written);
  }

  /** A line between two boots: leaves what a guest may have left switched on, keeps the scrollback. */
  divider(info: MachineInfo): void {
    const text = `── ${info.guest} on ${MACHINE_LABEL[info.machine]} ──`;
    const fresh =
      this.#terminal.buffer.normal.length <= this.#terminal.rows && this.#terminal.buffer.normal.cursorX === 0;
    this.#terminal.write(`\x1b[?47l\x1b[!p\x1b[0m${fresh ? '' : '\r\n'}\x1b[2m${text}\x1b[0m\r\n`);
  }

  /** Takes as many columns and rows as fit; nothing while hidden. */
  fit(): void {
    const size = this.#fit.proposeDimensions();
    if (size && size.cols > 1 && size.rows > 1) this.#terminal.resize(size.cols, size.rows);
  }

  focus(): void {
    this.#terminal.focus();
  }

  retheme(): void {
    this.#terminal.options.theme = terminalTheme();
  }

  find(text: string, direction: 'next' | 'previous', caseSensitive: boolean, incremental = false): void {
    const options: ISearchOptions = {
      caseSensitive,
      incremental,
      decorations: {
        matchBackground: token('--pressed'),
        matchOverviewRuler: token('--text-3'),
        activeMatchBackground: token('--accent-wash'),
        activeMatchBorder: token('--accent'),
        activeMatchColorOverviewRuler: token('--accent'),
      },
    };
    if (direction === 'next') this.#search.findNext(text, options);
    else this.#search.findPrevious(text, options);
  }

  endFind(): void {
    this.#search.clearDecorations();
    this.#terminal.clearSelection();
  }

  /** The selection, or everything from the scrollback's top when nothing is selected. */
  copyText(): string {
    return this.#terminal.hasSelection() ? this.#terminal.getSelection() : this.allText();
  }

  /** The scrollback and the screen as plain text. */
  allText(): string {
    const buffer = this.#terminal.buffer.normal;
    let text = '';
    for (let y = 0; y < buffer.length; y++) {
      const line = buffer.getLine(y)!;
      const wrapped = buffer.getLine(y + 1)?.isWrapped ?? false;
      text += line.translateToString(!wrapped) + (wrapped ? '' : '\n');
    }
    return text.replace(/\n+$/, '\n');
  }

  dispose(): void {
    this.#terminal.dispose();
  }

  #key(event: KeyboardEvent, events: ConsoleEvents): boolean {
    const whose = classifyKey(event, mac);
    if (whose === 'guest') return true;
    /* A paste is left to Chromium: it reaches the terminal as a paste event and needs no permission. */
    if (event.type === 'keydown' && (whose === 'find' || whose === 'copy')) {
      event.preventDefault();
      events[whose]();
    }
    return false;
  }

  #useWebgl(): void {
    try {
      const webgl = new WebglAddon();
      webgl.onContextLoss(() => webgl.dispose());
      this.#terminal.loadAddon(webgl);
    } catch {
      /* No WebGL: xterm keeps its DOM renderer. */
    }
  }
}

function send(bytes: Uint8Array, input: (bytes: Uint8Array) => void): void {
  for (let at = 0; at < bytes.length; at += MAX_INPUT) input(bytes.subarray(at, at + MAX_INPUT));
}

/** Sixteen colours near the tokens; xterm lifts what would be too faint. */
function terminalTheme(): ITheme {
  const mix = (name: string): string => cssColor(`color-mix(in oklab, var(${name}) 75%, var(--text))`);
  const names = { red: '--danger', green: '--accent', yellow: '--kseg0', blue: '--useg', magenta: '--kseg2' } as const;
  const theme: Record<string, string> = {
    background: token('--term'),
    foreground: token('--term-text'),
    cursor: token('--accent'),
    cursorAccent: token('--term'),
    selectionBackground: token('--border-strong'),
    overviewRulerBorder: token('--term'),
    scrollbarSliderBackground: token('--border-strong'),
    scrollbarSliderHoverBackground: token('--text-3'),
    scrollbarSliderActiveBackground: token('--text-3'),
    black: token('--inset'),
    brightBlack: token('--term-dim'),
    white: token('--text-2'),
    brightWhite: token('--text'),
    cyan: cssColor('color-mix(in oklab, var(--useg) 50%, var(--accent))'),
    brightCyan: cssColor('color-mix(in oklab, var(--useg) 40%, var(--accent-text))'),
  };
  for (const [color, name] of Object.entries(names)) {
    theme[color] = token(name);
    theme['bright' + color[0]!.toUpperCase() + color.slice(1)] = mix(name);
  }
  return theme;
}
