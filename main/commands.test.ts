import { expect, it } from 'vitest';
import { COMMANDS, type Command } from './commands.ts';

const commands: readonly Command[] = COMMANDS;

it('every command and every shortcut is there once', () => {
  const ids = commands.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const keys = commands.flatMap(({ accelerator, key }) => [accelerator, key].filter(Boolean));
  expect(new Set(keys).size).toBe(keys.length);
});

it('no accelerator takes a key of the guest', () => {
  for (const { accelerator } of commands) {
    if (accelerator) expect(accelerator).toMatch(/^CmdOrCtrl\+(?:Shift\+[A-Z0-9]|Plus|-|0)$/);
  }
});

it('labels and explanations are as menus, palette and manual want them', () => {
  for (const { label, about } of commands) {
    expect(label).toMatch(/^[A-Z]/);
    expect(about).toMatch(/^[A-Z].*[^.…]$/);
  }
});
