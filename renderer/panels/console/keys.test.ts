import { describe, expect, it } from 'vitest';
import { classifyKey } from './keys.ts';

const press = (key: string, code: string, modifiers: Partial<KeyboardEvent> = {}): KeyboardEvent =>
  ({ key, code, ctrlKey: false, shiftKey: false, altKey: false, metaKey: false, ...modifiers }) as KeyboardEvent;

describe('classifyKey', () => {
  it('leaves the guest its control keys', () => {
    expect(classifyKey(press('c', 'KeyC', { ctrlKey: true }), false)).toBe('guest');
    expect(classifyKey(press('w', 'KeyW', { ctrlKey: true }), false)).toBe('guest');
    expect(classifyKey(press('Escape', 'Escape'), false)).toBe('guest');
    expect(classifyKey(press('F', 'KeyF', { ctrlKey: true, altKey: true, shiftKey: true }), false)).toBe('guest');
  });

  it('takes Ctrl+Shift for the workbench, and F6 as the way out', () => {
    expect(classifyKey(press('F', 'KeyF', { ctrlKey: true, shiftKey: true }), false)).toBe('find');
    expect(classifyKey(press('C', 'KeyC', { ctrlKey: true, shiftKey: true }), false)).toBe('copy');
    expect(classifyKey(press('V', 'KeyV', { ctrlKey: true, shiftKey: true }), false)).toBe('paste');
    expect(classifyKey(press('B', 'KeyB', { ctrlKey: true, shiftKey: true }), false)).toBe('window');
    expect(classifyKey(press('F6', 'F6', { shiftKey: true }), false)).toBe('window');
  });

  it('takes Cmd on a Mac', () => {
    expect(classifyKey(press('c', 'KeyC', { metaKey: true }), true)).toBe('copy');
    expect(classifyKey(press('c', 'KeyC', { ctrlKey: true }), true)).toBe('guest');
  });
});
