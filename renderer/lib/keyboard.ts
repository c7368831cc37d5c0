/** F6 and Shift+F6 go round the panels; each panel names the element that takes the focus with `data-panel-focus`. */
import { tick } from 'svelte';
import { AREAS } from './arrangement.ts';

const TARGET = '[data-panel-focus], .xterm-helper-textarea';

/** The panel that had the focus last: a command from the palette or the menu is for it. */
let last: string | undefined;
document.addEventListener('focusin', ({ target }) => {
  last = (target as Element | null)?.closest<HTMLElement>('[data-area] [data-panel]')?.dataset.panel ?? last;
});

/** The id of the panel that has the focus, or had it last; undefined when it is not on the screen. */
export function focusedPanel(): string | undefined {
  return last && panelElement(last)?.checkVisibility() ? last : undefined;
}

const panelElement = (id: string): HTMLElement | null =>
  document.querySelector<HTMLElement>(`[data-panel="${CSS.escape(id)}"]`);

/** Toolbar first, then as a page is read: by areas, whatever the order in the document. */
function rank(panel: HTMLElement): number {
  const area = panel.closest<HTMLElement>('[data-area]')?.dataset.area;
  return area ? AREAS.indexOf(area as (typeof AREAS)[number]) : -1;
}

/** The panels on the screen, the toolbar first. */
const shownPanels = (): HTMLElement[] =>
  [...document.querySelectorAll<HTMLElement>('[data-panel]')]
    .filter((panel) => panel.checkVisibility())
    .sort((a, b) => rank(a) - rank(b));

/** Where what had the focus has gone from the screen, the console gets it, or without that the first panel. */
export async function keepFocus(): Promise<void> {
  await tick();
  const active = document.activeElement;
  if (active && active !== document.body && active.checkVisibility()) return;
  const panels = shownPanels().filter((panel) => rank(panel) >= 0);
  const panel = panels.find(({ dataset }) => dataset.panel === 'console') ?? panels[0];
  if (panel) focusPanel(panel);
}

/** Moves the focus to the next panel on the screen, or the one before. */
export async function cyclePanels(step: 1 | -1): Promise<void> {
  await tick();
  const panels = shownPanels();
  if (panels.length === 0) return;
  const current = panels.findIndex((panel) => panel.contains(document.activeElement));
  const next = current < 0 ? (step > 0 ? 0 : panels.length - 1) : (current + step + panels.length) % panels.length;
  focusPanel(panels[next]!);
}

/** Focuses a panel that is, or is about to be, on the screen. */
export async function focusPanelById(id: string): Promise<void> {
  await tick();
  const panel = panelElement(id);
  if (panel) focusPanel(panel);
}

/** Focuses a part of a panel that is, or is about to be, on the screen. @param selector of what takes the focus */
export async function focusPart(id: string, selector: string): Promise<void> {
  await tick();
  const panel = panelElement(id);
  if (panel) focusWithin(panel, selector, panel.querySelector<HTMLElement>(TARGET) ?? standInOf(panel));
}

/** What stands in for a panel's target where there is none: not another panel's tab. */
const STAND_IN = '[role=tab][aria-selected=true], button:not(:disabled):not([role=tab])';

/** Focuses what a panel wants focused, as soon as it is there; until then, or without any, its tab or first control. */
export function focusPanel(panel: HTMLElement): void {
  focusWithin(panel, TARGET, standInOf(panel));
}

const standInOf = (panel: HTMLElement) => panel.querySelector<HTMLElement>(STAND_IN);

function focusWithin(panel: HTMLElement, selector: string, standIn: HTMLElement | null): void {
  const target = panel.querySelector<HTMLElement>(selector);
  if (target) {
    target.focus();
    return;
  }
  standIn?.focus();
  // Some panels are empty until the machine's next view.
  const observer = new MutationObserver(() => {
    if (document.activeElement !== standIn) observer.disconnect();
    const late = panel.querySelector<HTMLElement>(selector);
    if (!late) return;
    observer.disconnect();
    if (document.activeElement === standIn) late.focus();
  });
  observer.observe(panel, { childList: true, subtree: true });
}

/** Arrow keys inside a toolbar: moves the focus along its enabled buttons. */
export function handleToolbarKey(event: KeyboardEvent): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
  if (step === 0 || !(event.target instanceof HTMLButtonElement)) return;
  const bar = event.currentTarget as HTMLElement;
  const buttons = [...bar.querySelectorAll<HTMLButtonElement>('button:not(:disabled):not([role=menuitem])')];
  const index = buttons.indexOf(event.target);
  if (index < 0) return;
  event.preventDefault();
  buttons[(index + step + buttons.length) % buttons.length]!.focus();
}
