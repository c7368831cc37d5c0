import { expect, it } from 'vitest';
import { mergeRequests } from './view-request.ts';

it('asks for what some panel wants, and for nothing when none is seen', () => {
  expect(mergeRequests([])).toEqual({ segments: false, tlb: false, slot: null });
  expect(mergeRequests([{}, { tlb: false }])).toEqual({ segments: false, tlb: false, slot: null });
  expect(mergeRequests([{ tlb: true }, { segments: true, slot: 0 }, { tlb: false, slot: null }])).toEqual({
    segments: true,
    tlb: true,
    slot: 0,
  });
});
