import { describe, expect, it } from 'vitest';
import { formatAwaited, parseSpec, SpecError } from './breakpoint-spec.ts';

describe('specifications', () => {
  it.each([
    ['switch_mm+0x10', 'switch_mm+0x10'],
    ['switch_mm + 8 - 4', 'switch_mm+0x4'],
    ['0x40100000', '0x40100000'],
    ['40100000', '0x40100000'],
    ['address:asid', 'address:asid'],
    ['asid', 'asid'],
    ['ASID:19', 'asid:0x13'],
    ['tlb', 'tlb'],
    ['tlb:31', 'tlb:31'],
    ['flush:KMF_KERN', 'flush:kernel'],
    ['flush:gpa', 'flush:gpa'],
    ['exit:tlbl', 'exit:TLBL'],
    ['exit:WAIT', 'exit:WAIT'],
    ['exception:Sys', 'exception:Sys'],
    ['exception:refill', 'exception:refill'],
    ['write:counter', 'write:counter,4'],
    ['read: 0x80001000 , 16', 'read:0x80001000,16'],
    ['access:table+4,1', 'access:table+0x4,1'],
  ])('%s', (text, canonical) => {
    const spec = parseSpec(text);
    expect(formatAwaited(spec.awaited)).toBe(canonical);
    expect(parseSpec(canonical).awaited).toEqual(spec.awaited);
    expect(spec).toMatchObject({ ignore: 0, condition: '' });
  });

  it('take an ignore count and a condition', () => {
    expect(parseSpec('exit:TLBL ignore 10 if a0 != 0 && pc < 4')).toEqual({
      awaited: { kind: 'exit', reason: 2 },
      ignore: 10,
      condition: 'a0 != 0 && pc < 4',
    });
  });
});

describe('mistakes are one sentence', () => {
  it.each([
    ['', /Nothing to wait for/],
    ['if a0', /Nothing to wait for|no address/],
    ['asid:256', /"256" is no ASID: give a number from 0 to 255/],
    ['asid:', /ends after the colon/],
    ['tlb:64', /no TLB entry/],
    ['flush:kseg0', /no kind of flush: they are kernel/],
    ['exit:nothing', /no kind of exit: they are Int, Mod, TLBL/],
    ['wake:me', /"wake" is nothing to wait for/],
    ['write:a,b,c', /two commas/],
    ['write:a,0', /never touched/],
    ['write:a,65537', /no number of bytes/],
    ['a b', /no address/],
    ['0x1ffffffff', /more than 32 bits/],
    ['main ignore -1', /no number of hits/],
  ])('%s', (text, message) => {
    expect(() => parseSpec(text)).toThrow(SpecError);
    expect(() => parseSpec(text)).toThrow(message);
    expect(() => parseSpec(text)).toThrow(/^[A-Z"][^\n]*\.$/);
  });
});
