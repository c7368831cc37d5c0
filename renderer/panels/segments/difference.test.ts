import { describe, expect, it } from 'vitest';
import { defaultLayout } from '../../lib/layouts.ts';
import {
  changeText,
  changeWords,
  countChanges,
  pageChange,
  segmentChange,
  signed,
  slotChange,
  tableChange,
} from './difference.ts';

const { segments, geometry } = defaultLayout('kvm');
const difference = () => {
  const [added, removed, changed] = [0, 0, 0].map(() => new Uint16Array(geometry.slots)) as [
    Uint16Array,
    Uint16Array,
    Uint16Array,
  ];
  added[0] = 3;
  added[255] = 1;
  removed[256] = 7;
  changed[511] = 1024;
  return { added, removed, changed };
};

describe('sums', () => {
  it('are by slot, by segment up to its last slot, and of all', () => {
    const all = difference();
    expect(slotChange(all, 0)).toEqual({ added: 3, removed: 0, changed: 0 });
    const of = (name: 'useg' | 'kseg0' | 'kseg1' | 'kseg23') => segmentChange(all, segments, name, geometry.slotBytes);
    expect(of('useg')).toEqual({ added: 4, removed: 0, changed: 0 });
    expect(of('kseg0')).toEqual({ added: 0, removed: 7, changed: 0 });
    expect(of('kseg23')).toEqual({ added: 0, removed: 0, changed: 1024 });
    expect(of('kseg1')).toEqual({ added: 0, removed: 0, changed: 0 });
    expect(tableChange(all)).toEqual({ added: 4, removed: 7, changed: 1024 });
  });
});

describe('words', () => {
  it('have signs, and leave out what is not there', () => {
    expect([signed(12), signed(-3), signed(0), signed(-1234)]).toEqual(['+12', '−3', '0', '−1,234']);
    expect(changeText({ added: 12, removed: 3, changed: 4 })).toBe('+12 −3 Δ4');
    expect(changeText({ added: 0, removed: 1, changed: 0 })).toBe('−1');
    expect(changeText({ added: 0, removed: 0, changed: 0 })).toBe('');
    expect(changeWords({ added: 0, removed: 1, changed: 2 })).toBe('1 removed, 2 changed');
    expect(changeWords({ added: 0, removed: 0, changed: 0 })).toBe('no difference');
  });
});

describe('pages', () => {
  it('are added, removed, changed in frame or rights, or the same', () => {
    expect(pageChange(0, 0)).toBe('same');
    expect(pageChange(0, 1)).toBe('added');
    expect(pageChange(7, 0)).toBe('removed');
    expect(pageChange(3, 3)).toBe('same');
    expect(pageChange(3, 7)).toBe('changed');
    expect(pageChange(3, 3 | 16)).toBe('changed');
  });

  it('are counted', () => {
    expect(countChanges(Uint8Array.of(0, 1, 1, 3, 0), Uint8Array.of(1, 0, 17, 3, 0))).toEqual({
      added: 1,
      removed: 1,
      changed: 1,
    });
  });
});
