import { describe, expect, it } from 'vitest';
import { defaultLayout } from '../../lib/layouts.ts';
import { cellPosition, columnPitch, moveSlot, segmentOfSlot, slotAt, spaced, stripGeometry } from './strip-geometry.ts';

const kvm = stripGeometry(defaultLayout('kvm'), 'kernel', 6);
const malta = stripGeometry(defaultLayout('malta'), 'kernel', 6);
const user = stripGeometry(defaultLayout('malta'), 'user', 6);

describe('stripGeometry', () => {
  it('folds 2 GiB into 4 rows and 4 GiB into 8, 128 columns either way', () => {
    expect([kvm.rows, kvm.width, kvm.height]).toEqual([4, 128 * 6 + 8, 44]);
    expect([malta.rows, malta.width, malta.height]).toEqual([8, 128 * 6 + 12, 48]);
    expect(kvm.segments.map((part) => [part.first, part.end])).toEqual([
      [0, 256],
      [256, 384],
      [384, 512],
    ]);
  });

  it('closes kseg1 in the kernel table and everything above useg in the user table', () => {
    expect(malta.segments.map((part) => part.closed)).toEqual([false, false, true, false]);
    expect(user.segments.map((part) => [part.segment.name, part.end, part.closed])).toEqual([
      ['useg', 512, false],
      ['kseg0', 1024, true],
    ]);
    expect(user.width).toBe(malta.width);
  });

  it('widens the cells where there are few slots', () => {
    const layout = defaultLayout('kvm');
    const wide = stripGeometry(
      { ...layout, geometry: { ...layout.geometry, slots: 64, slotBytes: 2 ** 25 } },
      'kernel',
      6,
    );
    expect([wide.rows, wide.cellWidth, wide.width]).toEqual([1, 12, kvm.width]);
  });

  it('finds every slot again where it was put', () => {
    for (const strip of [kvm, malta, user]) {
      for (let slot = 0; slot < strip.segments.at(-1)!.end; slot++) {
        if (segmentOfSlot(strip, slot)!.closed) continue;
        const { x, y } = cellPosition(strip, slot)!;
        expect(slotAt(strip, x + 1, y + 1)).toBe(slot);
      }
    }
    expect(slotAt(kvm, kvm.segments[0]!.width + 2, 3)).toBe(null);
    expect(slotAt(user, user.width - 5, 3)).toBe(null);
  });

  it('takes its pitch from the room', () => {
    expect([1200, 960, 873, 661, 600].map(columnPitch)).toEqual([8, 7, 6, 5, 4]);
  });
});

it('addresses below narrow segments stand apart: among the smallest cells that of kseg1 moves on', () => {
  const moved = (pitch: number) => {
    const parts = stripGeometry(defaultLayout('malta'), 'kernel', pitch).segments.slice(1, 3);
    return spaced(parts, 72).map(({ x }, i) => x - parts[i]!.x);
  };
  expect(moved(6)).toEqual([0, 0]);
  expect(moved(4)).toEqual([0, 4]);
});

describe('moveSlot', () => {
  it('moves by slot, by column and by segment, over closed stretches, and holds at the ends', () => {
    expect(moveSlot(kvm, 5, 'down')).toBe(6);
    expect(moveSlot(kvm, 5, 'right')).toBe(9);
    expect(moveSlot(kvm, 255, 'down')).toBe(256);
    expect(moveSlot(kvm, 0, 'up')).toBe(0);
    expect(moveSlot(kvm, 300, 'nextSegment')).toBe(384);
    expect(moveSlot(kvm, 300, 'previousSegment')).toBe(256);
    expect(moveSlot(malta, 639, 'down')).toBe(768);
    expect(moveSlot(malta, 768, 'left')).toBe(639);
    expect(moveSlot(user, 511, 'down')).toBe(511);
    expect(moveSlot(malta, 3, 'last')).toBe(1023);
  });
});
