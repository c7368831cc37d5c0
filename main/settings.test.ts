import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SettingsStore, parseSettings } from './settings.ts';

const DEFAULTS = { background: null, window: null, theme: 'system', folder: null, breakpoints: [] };

describe('parseSettings', () => {
  it.each(['', 'null', '[]', '"x"', '{', '{"window":{"bounds":{"x":0}}}', '{"background":"red"}'])(
    'takes the defaults from %s',
    (text) => expect(parseSettings(text)).toEqual(DEFAULTS),
  );

  it('keeps the good fields beside a bad one', () => {
    const bounds = { x: -5, y: 0, width: 800, height: 600 };
    const text = JSON.stringify({ background: '#0e1012', window: { bounds, maximized: true }, folder: 7 });
    expect(parseSettings(text)).toEqual({
      ...DEFAULTS,
      background: '#0e1012',
      window: { bounds, maximized: true },
    });
  });

  it('survives any JSON', () => {
    fc.assert(fc.property(fc.json(), (text) => void parseSettings(text)));
  });
});

describe('SettingsStore', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'kseg-settings-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const unexpected = (error: unknown) => {
    throw error;
  };

  it('keeps breakpoints by guest, and of the guests the last fifty', async () => {
    const file = path.join(folder, 'settings.json');
    const store = new SettingsStore(file, unexpected);
    const list = [{ spec: 'write:counter,4 ignore 2 if a0 == 1', enabled: false }];
    for (let n = 0; n < 60; n++) store.setBreakpoints(`kvm ${n}`, list);
    store.setBreakpoints('kvm 20', []);
    await store.flush();
    const again = new SettingsStore(file, unexpected).breakpoints();
    expect(Object.keys(again)).toHaveLength(49);
    expect([again['kvm 9'], again['kvm 10'], again['kvm 20']]).toEqual([undefined, list, undefined]);
  });

  it('writes what was set last and leaves nothing else behind', async () => {
    const file = path.join(folder, 'deep/settings.json');
    const store = new SettingsStore(file, unexpected);
    store.set({ folder: '/a' });
    store.set({ folder: '/b' });
    await store.flush();
    store.set({ background: '#ffffff' });
    await store.flush();
    expect(readdirSync(path.dirname(file))).toEqual(['settings.json']);
    expect(parseSettings(readFileSync(file, 'utf8'))).toEqual({ ...DEFAULTS, folder: '/b', background: '#ffffff' });
    expect(new SettingsStore(file, unexpected).get().folder).toBe('/b');
  });

  it('reports what cannot be written and goes on', async () => {
    writeFileSync(path.join(folder, 'taken'), '');
    const errors: unknown[] = [];
    const store = new SettingsStore(path.join(folder, 'taken/settings.json'), (error) => errors.push(error));
    store.set({ folder: '/a' });
    await store.flush();
    expect(errors).toHaveLength(1);
    expect(store.get().folder).toBe('/a');
  });
});
