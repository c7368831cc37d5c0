import { describe, expect, it } from 'vitest';
import type { FlushInfo, TableView } from '../../../emulator/protocol.ts';
import { defaultLayout } from '../../lib/layouts.ts';
import { bracketText } from './brackets.ts';
import { stripGeometry } from './strip-geometry.ts';

const [useg, kseg0, kseg23] = stripGeometry(defaultLayout('kvm'), 'kernel', 6).segments;
const flush = {
  bySegment: { useg: { pages: 198, tables: 7 }, kseg23: { pages: 0, tables: 0 } },
} as unknown as FlushInfo;
const view = { segments: { kseg0: { pages: 11560 } } } as unknown as TableView;

describe('bracketText', () => {
  it('says what went and what stayed, and nothing where nothing happened', () => {
    expect(bracketText(useg!, flush, view)?.text).toBe('freed: 198 pages, 7 tables');
    expect(bracketText(useg!, flush, view, true)?.text).toBe('last freed: 198 pages, 7 tables');
    expect(bracketText(kseg0!, flush, view)).toMatchObject({ kept: true, text: '✓ kept: 11,560 pages' });
    expect(bracketText({ ...useg!, width: 140 }, flush, view)?.text).toBe('198 pages, 7 tables');
    expect(bracketText({ ...kseg0!, width: 95 }, flush, view)?.text).toBe('✓ kept 11,560');
    expect(bracketText({ ...kseg0!, width: 63 }, flush, view)?.text).toBe('✓ 11,560');
    expect(bracketText(kseg23!, flush, view)).toBe(null);
  });
});
