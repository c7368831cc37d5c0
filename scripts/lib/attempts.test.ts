import { describe, expect, it } from 'vitest';
import { eachScene, within } from './attempts.mjs';

const never = new Promise<void>(() => {});

describe('within', () => {
  it('hands on what comes in time, a failure as well', async () => {
    await expect(within(60, 'it', Promise.resolve(7))).resolves.toBe(7);
    await expect(within(60, 'it', Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });
  it('gives up on what does not come', async () => {
    await expect(within(0.01, 'its picture', never)).rejects.toThrow('its picture took longer than 0.01 seconds');
  });
});

describe('scenes', () => {
  /** Goes through scenes with apps that are numbered; `work` fails, hangs or not, by scene and app. */
  async function go(names: string[], work: (scene: string, app: number) => Promise<void>, opens = (_: number) => true) {
    const seen: string[] = [];
    let apps = 0;
    const openApp = () => {
      const number = ++apps;
      if (!opens(number)) return Promise.reject(new Error(`no app ${number}`));
      return Promise.resolve({
        number,
        kill: () => void seen.push(`kill ${number}`),
        stop: () => Promise.resolve(void seen.push(`stop ${number}`)),
      });
    };
    const failed = await eachScene(
      names.map((name) => ({ name, fresh: name.startsWith('fresh') })),
      openApp,
      async ({ name }, { number }) => {
        seen.push(`${name} ${number}`);
        await within(0.01, 'setting it', work(name, number));
      },
      (line) => seen.push(line),
    );
    return { failed, seen };
  }

  it('share an app, but those that want one of their own', async () => {
    expect(await go(['a', 'b', 'fresh'], () => Promise.resolve())).toEqual({
      failed: [],
      seen: ['a 1', 'b 1', 'stop 1', 'fresh 2', 'stop 2'],
    });
  });

  it('are tried again in another app when they fail, and then are over', async () => {
    const work = (_: string, app: number) => (app === 1 ? Promise.reject(new Error('broken')) : Promise.resolve());
    expect(await go(['a', 'b'], work)).toEqual({
      failed: [],
      seen: ['a 1', 'a: once more, with another app: broken', 'kill 1', 'stop 1', 'a 2', 'b 2', 'stop 2'],
    });
  });

  it('that hang twice are named, and the others have their turn', async () => {
    const { failed, seen } = await go(['a', 'b'], (name) => (name === 'a' ? never : Promise.resolve()));
    expect(failed).toEqual(['a']);
    expect(seen).toContain('a: failed: setting it took longer than 0.01 seconds');
    expect(seen.slice(-2)).toEqual(['b 3', 'stop 3']);
  });

  it('go on when an app does not start', async () => {
    const { failed, seen } = await go(
      ['a'],
      () => Promise.resolve(),
      (app) => app > 1,
    );
    expect(failed).toEqual([]);
    expect(seen).toEqual(['a: once more, with another app: no app 1', 'a 2', 'stop 2']);
  });
});
