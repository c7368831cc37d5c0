import { describe, expect, it } from 'vitest';
import { GUESTS } from '../lib/guests.ts';
import { defaultSettings, settingsOf, type Choice } from './settings.ts';
import { foldTable, parsePictures, pictureKey, withPicture, type TablePicture } from './table-pictures.ts';

const lab: Choice = { kind: 'bundled', guest: GUESTS[0] };
const picture: TablePicture = { machine: 'kvm', shades: '0'.repeat(127) + '5' };

describe('table pictures', () => {
  it('fold slots into columns by address, the fullest slot telling', () => {
    const counts = new Uint16Array(512);
    counts[0] = 1;
    counts[3] = 300;
    counts[511] = 7;
    expect(foldTable(counts, 1024)).toBe(`5${'0'.repeat(126)}2`);
    for (const [pages, shade] of [
      [1, '1'],
      [3, '1'],
      [4, '2'],
      [63, '3'],
      [64, '4'],
      [1024, '5'],
    ] as const) {
      expect(foldTable([pages], 1024)[0]).toBe(shade);
    }
    expect(foldTable(new Uint16Array(32).fill(1), 4096)).toHaveLength(128);
  });

  it('belong to a guest with its settings', () => {
    const usual = defaultSettings(lab, []);
    expect(pictureKey(lab, settingsOf(GUESTS[0].request, lab))).toBe(pictureKey(lab, usual));
    expect(pictureKey(lab, { ...usual, policy: 'eager' })).not.toBe(pictureKey(lab, usual));
    expect(pictureKey({ kind: 'file', id: 1, name: 'vmlinux' }, usual)).toBeNull();
    expect(pictureKey(lab, { ...usual, disks: [{ source: '#2', interface: 'ide', writable: true }] })).toBeNull();
  });

  it('are kept, the oldest not for ever, and read back from anything', () => {
    let all = withPicture({}, 'a', picture);
    for (let i = 0; i < 24; i++) all = withPicture(all, `b${i}`, picture);
    expect(Object.keys(all)).toHaveLength(24);
    expect(all['a']).toBeUndefined();
    expect(parsePictures(JSON.stringify({ a: picture, b: { machine: 'kvm', shades: '9' }, c: 1 }))).toEqual({
      a: picture,
    });
    for (const text of [null, '', 'null', '[]', '{']) expect(parsePictures(text)).toEqual({});
  });
});
