import { expect, it, vi } from 'vitest';

vi.mock('./commands.svelte.ts', () => ({ runCommand: () => {} }));
const { bindingOf } = await import('./shortcuts.ts');

it('puts accelerators the way the page wants them', () => {
  expect(bindingOf('CmdOrCtrl+Shift+P')).toBe('$mod+Shift+KeyP');
  expect(bindingOf('CmdOrCtrl+Shift+1')).toBe('$mod+Shift+Digit1');
  expect(bindingOf('F6')).toBe('F6');
  expect(bindingOf('Shift+F6')).toBe('Shift+F6');
});
