/** F6 and Shift+F6 go round the panels; each panel names the element that takes the focus with `data-panel-focus`. */
import { tick } from 'svelte';
import { layout } from './layout.svelte.ts';

const TARGET = '[data-panel-focus], .xterm-helper-textarea';

/** Moves the focus to the next panel, or the one before; a panel behind a tab is brought forward. */
export async function cyclePanels(step: 1 | -1): Promise<void> {
  const panels = [...document.querySelectorAll<HTMLElement>('[data-panel]')].filter(
    (panel) => !panel.closest('[data-covered]'),
  );
  if (panels.length === 0) return;
  const current = panels.findIndex((panel) => panel.contains(document.activeElement));
  const next = current < 0 ? (step > 0 ? 0 : panels.length - 1) : (current + step + panels.length) % panels.length;
  const panel = panels[next]!;
  if (!panel.checkVisibility()) {
    layout.tab = panel.dataset.panel!;
    await tick();
  }
  focusPanel(panel);
}

/** Focuses what a panel wants focused, or the first control in it. */
export function focusPanel(panel: HTMLElement): void {
  const target = panel.querySelector<HTMLElement>(TARGET) ?? panel.querySelector<HTMLElement>('button:not(:disabled)');
  target?.focus();
}

/** The window's own keys; everything else belongs to the focused panel. */
export function handleWindowKey(event: KeyboardEvent): void {
  if (event.key !== 'F6' || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  void cyclePanels(event.shiftKey ? -1 : 1);
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
