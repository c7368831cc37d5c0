import { describe, expect, it } from 'vitest';
import type { FlushInfo } from '../../../emulator/protocol.ts';
import { defaultLayout } from '../../lib/layouts.ts';
import { bracketText, differenceBracket, pendingBracket } from './brackets.ts';
import { stripGeometry } from './strip-geometry.ts';

const [useg, kseg0, kseg23] = stripGeometry(defaultLayout('kvm'), 'kernel', 6).segments;
const flush = {
  bySegment: { useg: { pages: 198, tables: 7 }, kseg23: { pages: 0, tables: 0 } },
  kept: { kseg0: 11560 },
} as unknown as FlushInfo;

describe('bracketText', () => {
  it('says what went and what stayed, and nothing where nothing happened', () => {
    expect(bracketText(useg!, flush)?.text).toBe('freed: 198 pages, 7 tables');
    expect(bracketText(useg!, flush, true)?.text).toBe('last freed: 198 pages, 7 tables');
    expect(bracketText(kseg0!, flush)).toMatchObject({ kind: 'kept', text: '✓ kept: 11,560 pages' });
    expect(bracketText({ ...useg!, width: 140 }, flush)?.text).toBe('198 pages, 7 tables');
    expect(bracketText({ ...useg!, width: 180 }, flush, true)?.text).toBe('freed: 198 pages, 7 tables');
    expect(bracketText({ ...kseg0!, width: 95 }, flush)?.text).toBe('✓ 11,560 pages');
    expect(bracketText({ ...kseg0!, width: 95 }, flush, false, 95)?.text).toBe('✓ kept: 11,560 pages');
    expect(bracketText({ ...kseg0!, width: 63 }, flush)?.text).toBe('✓ 11,560');
    expect(bracketText(kseg23!, flush)).toBe(null);
    const everything = { bySegment: {}, kept: {} } as unknown as FlushInfo;
    expect(bracketText(kseg0!, everything)).toBe(null);
  });

  it('says what a stale table will lose', () => {
    const stats = { pages: 3, tables: 2, highWater: 8, flushedTotal: 0, flushedLast: 0, refillsSince: 3 };
    expect(pendingBracket(useg!, stats)).toMatchObject({ kind: 'pending', text: 'to be freed: 3 pages, 2 tables' });
    expect(pendingBracket(useg!, { ...stats, pages: 0, tables: 0 })).toBeNull();
    expect(pendingBracket({ ...useg!, closed: true }, stats)).toBeNull();
  });

  it('says what a segment has gained and lost since the pinned instant', () => {
    const [added, removed, changed] = [new Uint16Array(512), new Uint16Array(512), new Uint16Array(512)];
    added[255] = 1200;
    removed[0] = 3;
    added[256] = 1;
    const difference = { added, removed, changed };
    expect(differenceBracket(useg!, difference)?.text).toBe('1,200 added, 3 removed');
    expect(differenceBracket({ ...useg!, width: 80 }, difference)?.text).toBe('+1,200 −3');
    expect(differenceBracket(kseg0!, difference)?.text).toBe('1 added');
    expect(differenceBracket(kseg23!, difference)?.text).toBe('=');
  });
});
