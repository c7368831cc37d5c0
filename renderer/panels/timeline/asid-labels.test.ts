import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asidLabels, LABEL_GAP, type AsidChange } from './asid-labels.ts';

const measure = (text: string) => text.length * 7;

/** Changes to ASIDs in turn, with gaps in turn. */
function row(asids: number[], gaps: number[], length: number): { changes: AsidChange[]; end: number } {
  const changes: AsidChange[] = [];
  let x = 0;
  for (let i = 0; i < length; i++) {
    changes.push({ x, asid: asids[i % asids.length]! });
    x += gaps[i % gaps.length]!;
  }
  return { changes, end: x };
}

const texts = (asids: number[], gaps: number[], length: number) => {
  const { changes, end } = row(asids, gaps, length);
  return asidLabels(changes, end, measure).map(({ text }) => text);
};

describe('labels of ASID changes', () => {
  it('are whole where there is room', () => {
    expect(texts([0x1d, 0x1e], [60], 4)).toEqual(['0x1d', '0x1e', '0x1d', '0x1e']);
  });

  it('name both of two that take turns, though only every other has room for a whole one', () => {
    expect(texts([0x1e, 0x1d], [26, 40], 6)).toEqual(['1e', '1d', '1e', '1d', '1e', '1d']);
  });

  it('become one where there is no room for each', () => {
    expect(texts([0x1d, 0x1e], [9], 100)).toEqual(['0x1d ⇄ 0x1e']);
    expect(texts([0x1d, 0x1e], [9], 7)).toEqual(['1d⇄1e']);
    expect(texts([5, 6, 7], [9], 100)).toEqual(['3 ASIDs']);
    expect(texts([5], [9], 100)).toEqual(['0x05']);
  });

  it('name a close pair in its order, or say that something went before', () => {
    expect(texts([3, 2], [4, 90], 4)).toEqual(['0x03 0x02', '0x03 0x02']);
    expect(texts([3, 2], [4, 45], 4)).toEqual(['03 02', '03 02']);
    expect(texts([2, 3, 4, 5], [4, 30], 4)).toEqual(['…03', '…05']);
  });

  it('are whole beside a close pair', () => {
    const changes = [0, 60, 120, 124, 180, 240].map((x, asid) => ({ x, asid }));
    expect(asidLabels(changes, 300, measure).map(({ text }) => text)).toEqual([
      '0x00',
      '0x01',
      '02 03',
      '0x04',
      '0x05',
    ]);
  });

  it('are one name for close pairs of two that take turns, where each pair has no room for both', () => {
    expect(texts([9, 8], [18, 30], 40)).toEqual(['0x09 ⇄ 0x08']);
    expect(texts([3, 2], [4, 30], 4)).toEqual(['03⇄02']);
  });

  it('name the two that took turns apart from what came after', () => {
    const { changes, end } = row([1, 2], [9], 20);
    const others = [3, 4, 5, 6, 7, 8, 9, 10].map((asid, i) => ({ x: end + 9 * i, asid }));
    expect(asidLabels([...changes, ...others], end + 400, measure).map(({ text }) => text)).toEqual([
      '0x01 ⇄ 0x02',
      '…0x0a',
    ]);
  });

  it('of the last change are left out where now is too near, and leave the others as they are', () => {
    const { changes } = row([0x1d, 0x1e], [60], 3);
    expect(asidLabels(changes, 121, measure).map(({ text }) => text)).toEqual(['0x1d', '0x1e']);
  });

  it('never run into one another, nor past the end, nor name one ASID alone for a row of several', () => {
    const some = fc.array(fc.tuple(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 0, max: 4 })), { maxLength: 60 });
    fc.assert(
      fc.property(some, (gaps) => {
        let x = 0;
        let asid = 0;
        const changes = gaps.map(([gap, by]) => {
          asid = (asid + 1 + by) % 6;
          return { x: (x += gap), asid };
        });
        const end = x + 30;
        const labels = asidLabels(changes, end, measure);
        labels.forEach((label, i) => {
          const right = label.x + LABEL_GAP + measure(label.text);
          expect(right).toBeLessThanOrEqual(labels[i + 1]?.x ?? end);
          if (!label.over) {
            const after = changes.find((change) => change.x > label.x)?.x ?? end;
            expect(right).toBeLessThanOrEqual(after);
          }
        });
        // Two labels that name one ASID, and no more, have nobody between them but what is seen to be left out.
        labels.forEach((label, i) => {
          const following = labels[i + 1];
          const alone = /^(0x)?[0-9a-f]{2}$/;
          if (!following || !alone.test(label.text) || !alone.test(following.text)) return;
          const between = changes.filter((change) => change.x > label.x && change.x < following.x);
          if (between.length > 0) expect(label.text.slice(-2)).not.toBe(following.text.slice(-2));
        });
      }),
    );
  });
});
