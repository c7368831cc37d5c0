// Generated from instructions.ts by generate-interpreter.ts (npm run generate). Do not edit.
import type { Cpu } from './cpu.ts';
import type { Fpu } from './fpu.ts';
import { insertBits, loadLeft, loadRight, storeLeft, storeRight } from './bits.ts';
import { ExcCode } from './exceptions.ts';
import {
  addDouble, addSingle, divDouble, divSingle, mulDouble, mulSingle, sqrtDouble, sqrtSingle,
} from './fast-float.ts';

const OVERFLOW = ExcCode.Ov;
const TRAP = ExcCode.Tr;

/**
 * Runs until no more than `floor` of `c.left` instructions are left, between branch and delay slot one fewer.
 * Every instruction counts one, also one that raises an exception.
 */
export function interpret(c: Cpu, floor = 0): void {
  const m32 = c.memory.words, m16 = c.memory.halves, m8 = c.memory.bytes, r = c.r, f = c.fpu;
  const e8 = c.byteSwizzle, e16 = c.byteSwizzle & 2;
  turn: for (;;) {
    let pc = c.pc, next = c.next, delay = c.delay, left = c.left;
    const reads = c.reads, writes = c.writes;
    c.raised = false;
    for (;;) {
      if (left <= floor && delay === 0) {
        c.pc = pc; c.next = next; c.delay = delay; c.left = left;
        return;
      }
      left--;
      let w: number;
      const x = m32[reads + (pc >>> 12)]! ^ pc;
      if ((x & 0x80000003) === 0) w = m32[x >> 2]!;
      else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; w = c.fetch(pc); if (c.raised) continue turn; left = c.left; }
      switch ((w >>> 26) & 63) {
case 0: { switch ((w >>> 0) & 63) {
case 0: { r[((w >>> 11) & 31)] = (r[((w >>> 16) & 31)]! << ((w >>> 6) & 31)); break; }
case 1: { if ((w & 65536) === 0) { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } if (f.condition((w >>> 18) & 7) === 0) r[((w >>> 11) & 31)] = r[((w >>> 21) & 31)]!; break; }
if ((w & 65536) === 65536) { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } if (f.condition((w >>> 18) & 7) !== 0) r[((w >>> 11) & 31)] = r[((w >>> 21) & 31)]!; break; }
c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; }
case 2: { switch ((w >>> 21) & 31) {
case 0: { r[((w >>> 11) & 31)] = (r[((w >>> 16) & 31)]! >>> ((w >>> 6) & 31)); break; }
case 1: { r[((w >>> 11) & 31)] = ((r[((w >>> 16) & 31)]! >>> ((w >>> 6) & 31)) | (r[((w >>> 16) & 31)]! << -((w >>> 6) & 31))); break; }
default: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; }
} break; }
case 3: { r[((w >>> 11) & 31)] = (r[((w >>> 16) & 31)]! >> ((w >>> 6) & 31)); break; }
case 4: { r[((w >>> 11) & 31)] = (r[((w >>> 16) & 31)]! << r[((w >>> 21) & 31)]!); break; }
case 6: { switch ((w >>> 6) & 31) {
case 0: { r[((w >>> 11) & 31)] = (r[((w >>> 16) & 31)]! >>> r[((w >>> 21) & 31)]!); break; }
case 1: { r[((w >>> 11) & 31)] = ((r[((w >>> 16) & 31)]! >>> r[((w >>> 21) & 31)]!) | (r[((w >>> 16) & 31)]! << -r[((w >>> 21) & 31)]!)); break; }
default: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; }
} break; }
case 7: { r[((w >>> 11) & 31)] = (r[((w >>> 16) & 31)]! >> r[((w >>> 21) & 31)]!); break; }
case 8: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } next = r[((w >>> 21) & 31)]!; delay = 1; pc = (pc + 4) | 0; continue; }
case 9: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } next = r[((w >>> 21) & 31)]!; r[((w >>> 11) & 31)] = pc + 8; r[0] = 0; delay = 1; pc = (pc + 4) | 0; continue; }
case 10: { if (r[((w >>> 16) & 31)]! === 0) r[((w >>> 11) & 31)] = r[((w >>> 21) & 31)]!; break; }
case 11: { if (r[((w >>> 16) & 31)]! !== 0) r[((w >>> 11) & 31)] = r[((w >>> 21) & 31)]!; break; }
case 12: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.syscall(w); continue turn; }
case 13: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.breakpoint(w); continue turn; }
case 15: {  break; }
case 16: { r[((w >>> 11) & 31)] = r[32]!; break; }
case 17: { r[32] = r[((w >>> 21) & 31)]!; break; }
case 18: { r[((w >>> 11) & 31)] = r[33]!; break; }
case 19: { r[33] = r[((w >>> 21) & 31)]!; break; }
case 24: { if ((w & 1984) === 0) { { const a = r[((w >>> 21) & 31)]!, b = r[((w >>> 16) & 31)]!, low = Math.imul(a, b) >>> 0; let high = Math.round((a * b - low) / 4294967296); r[33] = low; r[32] = high; } break; }
c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; }
case 25: { if ((w & 1984) === 0) { { const a = r[((w >>> 21) & 31)]! >>> 0, b = r[((w >>> 16) & 31)]! >>> 0, low = Math.imul(a, b) >>> 0; let high = Math.round((a * b - low) / 4294967296); r[33] = low; r[32] = high; } break; }
c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; }
case 26: { { const a = r[((w >>> 21) & 31)]!, b = r[((w >>> 16) & 31)]!; if (b === 0) { r[33] = a; r[32] = 0; } else { r[33] = a / b; r[32] = a % b; } } break; }
case 27: { { const a = r[((w >>> 21) & 31)]! >>> 0, b = r[((w >>> 16) & 31)]! >>> 0; if (b === 0) { r[33] = a; r[32] = 0; } else { r[33] = a / b; r[32] = a % b; } } break; }
case 32: { { const v = r[((w >>> 21) & 31)]! + r[((w >>> 16) & 31)]!; if ((v | 0) !== v) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.raise(OVERFLOW); continue turn; } r[((w >>> 11) & 31)] = v; } break; }
case 33: { r[((w >>> 11) & 31)] = ((r[((w >>> 21) & 31)]! + r[((w >>> 16) & 31)]!) | 0); break; }
case 34: { { const v = r[((w >>> 21) & 31)]! - r[((w >>> 16) & 31)]!; if ((v | 0) !== v) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.raise(OVERFLOW); continue turn; } r[((w >>> 11) & 31)] = v; } break; }
case 35: { r[((w >>> 11) & 31)] = ((r[((w >>> 21) & 31)]! - r[((w >>> 16) & 31)]!) | 0); break; }
case 36: { r[((w >>> 11) & 31)] = (r[((w >>> 21) & 31)]! & r[((w >>> 16) & 31)]!); break; }
case 37: { r[((w >>> 11) & 31)] = (r[((w >>> 21) & 31)]! | r[((w >>> 16) & 31)]!); break; }
case 38: { r[((w >>> 11) & 31)] = (r[((w >>> 21) & 31)]! ^ r[((w >>> 16) & 31)]!); break; }
case 39: { r[((w >>> 11) & 31)] = (~(r[((w >>> 21) & 31)]! | r[((w >>> 16) & 31)]!)); break; }
case 42: { r[((w >>> 11) & 31)] = (r[((w >>> 21) & 31)]! < r[((w >>> 16) & 31)]! ? 1 : 0); break; }
case 43: { r[((w >>> 11) & 31)] = (r[((w >>> 21) & 31)]! >>> 0 < r[((w >>> 16) & 31)]! >>> 0 ? 1 : 0); break; }
case 48: { if (!(r[((w >>> 21) & 31)]! < r[((w >>> 16) & 31)]!)) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.raise(TRAP); continue turn; } break; }
case 49: { if (!(r[((w >>> 21) & 31)]! >>> 0 < r[((w >>> 16) & 31)]! >>> 0)) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.raise(TRAP); continue turn; } break; }
case 50: { if (r[((w >>> 21) & 31)]! < r[((w >>> 16) & 31)]!) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.raise(TRAP); continue turn; } break; }
case 51: { if (r[((w >>> 21) & 31)]! >>> 0 < r[((w >>> 16) & 31)]! >>> 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.raise(TRAP); continue turn; } break; }
case 52: { if (r[((w >>> 21) & 31)]! === r[((w >>> 16) & 31)]!) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.raise(TRAP); continue turn; } break; }
case 54: { if (r[((w >>> 21) & 31)]! !== r[((w >>> 16) & 31)]!) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.raise(TRAP); continue turn; } break; }
default: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; }
} break; }
case 1: { switch ((w >>> 16) & 31) {
case 0: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = r[((w >>> 21) & 31)]! < 0; next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
case 1: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = -1 < r[((w >>> 21) & 31)]!; next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
case 2: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = r[((w >>> 21) & 31)]! < 0; if (!taken) { pc = (pc + 8) | 0; continue; } next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
case 3: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = -1 < r[((w >>> 21) & 31)]!; if (!taken) { pc = (pc + 8) | 0; continue; } next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
case 8: { if (!(r[((w >>> 21) & 31)]! < ((w << 16) >> 16))) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.raise(TRAP); continue turn; } break; }
case 9: { if (!(r[((w >>> 21) & 31)]! >>> 0 < ((w << 16) >> 16) >>> 0)) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.raise(TRAP); continue turn; } break; }
case 10: { if (r[((w >>> 21) & 31)]! < ((w << 16) >> 16)) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.raise(TRAP); continue turn; } break; }
case 11: { if (r[((w >>> 21) & 31)]! >>> 0 < ((w << 16) >> 16) >>> 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.raise(TRAP); continue turn; } break; }
case 12: { if (r[((w >>> 21) & 31)]! === ((w << 16) >> 16)) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.raise(TRAP); continue turn; } break; }
case 14: { if (r[((w >>> 21) & 31)]! !== ((w << 16) >> 16)) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.raise(TRAP); continue turn; } break; }
case 16: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = r[((w >>> 21) & 31)]! < 0; r[31] = pc + 8; next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
case 17: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = -1 < r[((w >>> 21) & 31)]!; r[31] = pc + 8; next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
case 18: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = r[((w >>> 21) & 31)]! < 0; r[31] = pc + 8; if (!taken) { pc = (pc + 8) | 0; continue; } next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
case 19: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = -1 < r[((w >>> 21) & 31)]!; r[31] = pc + 8; if (!taken) { pc = (pc + 8) | 0; continue; } next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
case 31: {  break; }
default: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; }
} break; }
case 2: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } next = ((pc + 4) & 0xf0000000) | ((w << 6) >>> 4); delay = 1; pc = (pc + 4) | 0; continue; }
case 3: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } r[31] = pc + 8; next = ((pc + 4) & 0xf0000000) | ((w << 6) >>> 4); delay = 1; pc = (pc + 4) | 0; continue; }
case 4: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = r[((w >>> 21) & 31)]! === r[((w >>> 16) & 31)]!; next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
case 5: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = r[((w >>> 21) & 31)]! !== r[((w >>> 16) & 31)]!; next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
case 6: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = r[((w >>> 21) & 31)]! < 1; next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
case 7: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = 0 < r[((w >>> 21) & 31)]!; next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
case 8: { { const v = r[((w >>> 21) & 31)]! + ((w << 16) >> 16); if ((v | 0) !== v) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.raise(OVERFLOW); continue turn; } r[((w >>> 16) & 31)] = v; } break; }
case 9: { r[((w >>> 16) & 31)] = ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0); break; }
case 10: { r[((w >>> 16) & 31)] = (r[((w >>> 21) & 31)]! < ((w << 16) >> 16) ? 1 : 0); break; }
case 11: { r[((w >>> 16) & 31)] = (r[((w >>> 21) & 31)]! >>> 0 < ((w << 16) >> 16) >>> 0 ? 1 : 0); break; }
case 12: { r[((w >>> 16) & 31)] = (r[((w >>> 21) & 31)]! & (w & 0xffff)); break; }
case 13: { r[((w >>> 16) & 31)] = (r[((w >>> 21) & 31)]! | (w & 0xffff)); break; }
case 14: { r[((w >>> 16) & 31)] = (r[((w >>> 21) & 31)]! ^ (w & 0xffff)); break; }
case 15: { r[((w >>> 16) & 31)] = ((w & 0xffff) << 16); break; }
case 16: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.cop0(w); continue turn; }
case 17: { switch ((w >>> 21) & 31) {
case 0: { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } r[((w >>> 16) & 31)] = m32[f.low(((w >>> 11) & 31))]!; break; }
case 2: case 6: case 16: case 17: case 20: case 21: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; executeFloat(c, w); if (c.raised) continue turn; break; }
case 3: { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } r[((w >>> 16) & 31)] = m32[f.high(((w >>> 11) & 31))]!; break; }
case 4: { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } m32[f.low(((w >>> 11) & 31))] = r[((w >>> 16) & 31)]!; break; }
case 7: { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } m32[f.high(((w >>> 11) & 31))] = r[((w >>> 16) & 31)]!; break; }
case 8: { if ((w & 196608) === 0) { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = f.condition((w >>> 18) & 7) === 0; next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
if ((w & 196608) === 65536) { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = f.condition((w >>> 18) & 7) !== 0; next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
if ((w & 196608) === 131072) { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = f.condition((w >>> 18) & 7) === 0; if (!taken) { pc = (pc + 8) | 0; continue; } next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
if ((w & 196608) === 196608) { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = f.condition((w >>> 18) & 7) !== 0; if (!taken) { pc = (pc + 8) | 0; continue; } next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
c.pc = pc; c.next = next; c.delay = delay; c.left = left; executeFloat(c, w); if (c.raised) continue turn; break; }
default: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; executeFloat(c, w); if (c.raised) continue turn; break; }
} break; }
case 18: case 50: case 54: case 58: case 62: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.cop2(w); continue turn; }
case 19: { switch ((w >>> 0) & 63) {
case 0: { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } { const a = ((r[((w >>> 21) & 31)]! + r[((w >>> 16) & 31)]!) | 0), x = m32[reads + (a >>> 12)]! ^ a; if ((x & 0x80000003) === 0) m32[f.low(((w >>> 6) & 31))] = m32[x >> 2]!; else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; const v = c.load32(a); if (c.raised) continue turn; left = c.left; m32[f.low(((w >>> 6) & 31))] = v; } } break; }
case 1: { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } if ((((w >>> 6) & 31) & f.odd) !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } { const a = ((r[((w >>> 21) & 31)]! + r[((w >>> 16) & 31)]!) | 0), x = m32[reads + (a >>> 12)]! ^ a; const to = f.high(((w >>> 6) & 31)) - 1; if ((x & 0x80000007) === 0) { const i = (x >> 2) ^ (e8 & 1); m32[to] = m32[i]!; m32[to + 1] = m32[i ^ 1]!; } else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.loadDouble(a, to); if (c.raised) continue turn; left = c.left; } } break; }
case 5: { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } if (f.odd !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } { const a = (((r[((w >>> 21) & 31)]! + r[((w >>> 16) & 31)]!) | 0) & -8), x = m32[reads + (a >>> 12)]! ^ a; const to = f.high(((w >>> 6) & 31)) - 1; if ((x & 0x80000007) === 0) { const i = (x >> 2) ^ (e8 & 1); m32[to] = m32[i]!; m32[to + 1] = m32[i ^ 1]!; } else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.loadDouble(a, to); if (c.raised) continue turn; left = c.left; } } break; }
case 8: { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } { const a = ((r[((w >>> 21) & 31)]! + r[((w >>> 16) & 31)]!) | 0), x = m32[writes + (a >>> 12)]! ^ a; if ((x & 0x80000003) === 0) m32[x >> 2] = m32[f.low(((w >>> 11) & 31))]!; else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.store32(a, m32[f.low(((w >>> 11) & 31))]!); if (c.raised) continue turn; left = c.left; } } break; }
case 9: { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } if ((((w >>> 11) & 31) & f.odd) !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } { const a = ((r[((w >>> 21) & 31)]! + r[((w >>> 16) & 31)]!) | 0), x = m32[writes + (a >>> 12)]! ^ a; const from = f.high(((w >>> 11) & 31)) - 1; if ((x & 0x80000007) === 0) { const i = (x >> 2) ^ (e8 & 1); m32[i] = m32[from]!; m32[i ^ 1] = m32[from + 1]!; } else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.storeDouble(a, from); if (c.raised) continue turn; left = c.left; } } break; }
case 13: { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } if (f.odd !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } { const a = (((r[((w >>> 21) & 31)]! + r[((w >>> 16) & 31)]!) | 0) & -8), x = m32[writes + (a >>> 12)]! ^ a; const from = f.high(((w >>> 11) & 31)) - 1; if ((x & 0x80000007) === 0) { const i = (x >> 2) ^ (e8 & 1); m32[i] = m32[from]!; m32[i ^ 1] = m32[from + 1]!; } else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.storeDouble(a, from); if (c.raised) continue turn; left = c.left; } } break; }
case 15: { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } break; }
case 32: case 33: case 40: case 41: case 48: case 49: case 56: case 57: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; executeFloat(c, w); if (c.raised) continue turn; break; }
default: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; executeFloat(c, w); if (c.raised) continue turn; break; }
} break; }
case 20: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = r[((w >>> 21) & 31)]! === r[((w >>> 16) & 31)]!; if (!taken) { pc = (pc + 8) | 0; continue; } next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
case 21: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = r[((w >>> 21) & 31)]! !== r[((w >>> 16) & 31)]!; if (!taken) { pc = (pc + 8) | 0; continue; } next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
case 22: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = r[((w >>> 21) & 31)]! < 1; if (!taken) { pc = (pc + 8) | 0; continue; } next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
case 23: { if (delay !== 0) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } const taken = 0 < r[((w >>> 21) & 31)]!; if (!taken) { pc = (pc + 8) | 0; continue; } next = (pc + (taken ? 4 + (((w << 16) >> 16) << 2) : 8)) | 0; delay = 1; pc = (pc + 4) | 0; continue; }
case 28: { switch ((w >>> 0) & 63) {
case 0: { if ((w & 1984) === 0) { { const a = r[((w >>> 21) & 31)]!, b = r[((w >>> 16) & 31)]!, low = Math.imul(a, b) >>> 0; let high = Math.round((a * b - low) / 4294967296); const sum = low + (r[33]! >>> 0); high = (r[32]! + high + (sum > 0xffffffff ? 1 : 0)) | 0; r[33] = sum; r[32] = high; } break; }
c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; }
case 1: { if ((w & 1984) === 0) { { const a = r[((w >>> 21) & 31)]! >>> 0, b = r[((w >>> 16) & 31)]! >>> 0, low = Math.imul(a, b) >>> 0; let high = Math.round((a * b - low) / 4294967296); const sum = low + (r[33]! >>> 0); high = (r[32]! + high + (sum > 0xffffffff ? 1 : 0)) | 0; r[33] = sum; r[32] = high; } break; }
c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; }
case 2: { r[((w >>> 11) & 31)] = Math.imul(r[((w >>> 21) & 31)]!, r[((w >>> 16) & 31)]!); break; }
case 4: { if ((w & 1984) === 0) { { const a = r[((w >>> 21) & 31)]!, b = r[((w >>> 16) & 31)]!, low = Math.imul(a, b) >>> 0; let high = Math.round((a * b - low) / 4294967296); const difference = (r[33]! >>> 0) - low; high = (r[32]! - high - (difference < 0 ? 1 : 0)) | 0; r[33] = difference; r[32] = high; } break; }
c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; }
case 5: { if ((w & 1984) === 0) { { const a = r[((w >>> 21) & 31)]! >>> 0, b = r[((w >>> 16) & 31)]! >>> 0, low = Math.imul(a, b) >>> 0; let high = Math.round((a * b - low) / 4294967296); const difference = (r[33]! >>> 0) - low; high = (r[32]! - high - (difference < 0 ? 1 : 0)) | 0; r[33] = difference; r[32] = high; } break; }
c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; }
case 32: { r[((w >>> 11) & 31)] = Math.clz32(r[((w >>> 21) & 31)]!); break; }
case 33: { r[((w >>> 11) & 31)] = Math.clz32((~r[((w >>> 21) & 31)]!)); break; }
default: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; }
} break; }
case 31: { switch ((w >>> 0) & 63) {
case 0: { if (((w >>> 6) & 31) + ((w >>> 11) & 31) > 31) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } r[((w >>> 16) & 31)] = ((r[((w >>> 21) & 31)]! >>> ((w >>> 6) & 31)) & (0xffffffff >>> (31 - ((w >>> 11) & 31)))); break; }
case 4: { if (((w >>> 6) & 31) > ((w >>> 11) & 31)) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; } r[((w >>> 16) & 31)] = insertBits(r[((w >>> 16) & 31)]!, r[((w >>> 21) & 31)]!, ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 32: { switch ((w >>> 6) & 31) {
case 2: { r[((w >>> 11) & 31)] = (((r[((w >>> 16) & 31)]! & 0x00ff00ff) << 8) | ((r[((w >>> 16) & 31)]! >>> 8) & 0x00ff00ff)); break; }
case 16: { r[((w >>> 11) & 31)] = ((r[((w >>> 16) & 31)]! << 24) >> 24); break; }
case 24: { r[((w >>> 11) & 31)] = ((r[((w >>> 16) & 31)]! << 16) >> 16); break; }
default: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; }
} break; }
case 59: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.rdhwr(w); continue turn; }
default: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; }
} break; }
case 32: { { const a = ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0), x = m32[reads + (a >>> 12)]! ^ a; if ((x & 2147483648) === 0) r[((w >>> 16) & 31)] = (m8[x ^ e8]! << 24) >> 24; else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; const v = (c.load8(a) << 24) >> 24; if (c.raised) continue turn; left = c.left; r[((w >>> 16) & 31)] = v; } } break; }
case 33: { { const a = ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0), x = m32[reads + (a >>> 12)]! ^ a; if ((x & 2147483649) === 0) r[((w >>> 16) & 31)] = (m16[(x ^ e16) >> 1]! << 16) >> 16; else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; const v = (c.load16(a) << 16) >> 16; if (c.raised) continue turn; left = c.left; r[((w >>> 16) & 31)] = v; } } break; }
case 34: { { const a = ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0), x = m32[reads + (a >>> 12)]! ^ a; if ((x & 2147483648) === 0) r[((w >>> 16) & 31)] = loadLeft(r[((w >>> 16) & 31)]!, m32[x >> 2]!, (a ^ e8) & 3); else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; const v = loadLeft(r[((w >>> 16) & 31)]!, c.loadPart(a), (a ^ e8) & 3); if (c.raised) continue turn; left = c.left; r[((w >>> 16) & 31)] = v; } } break; }
case 35: { { const a = ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0), x = m32[reads + (a >>> 12)]! ^ a; if ((x & 2147483651) === 0) r[((w >>> 16) & 31)] = m32[x >> 2]!; else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; const v = c.load32(a); if (c.raised) continue turn; left = c.left; r[((w >>> 16) & 31)] = v; } } break; }
case 36: { { const a = ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0), x = m32[reads + (a >>> 12)]! ^ a; if ((x & 2147483648) === 0) r[((w >>> 16) & 31)] = m8[x ^ e8]!; else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; const v = c.load8(a); if (c.raised) continue turn; left = c.left; r[((w >>> 16) & 31)] = v; } } break; }
case 37: { { const a = ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0), x = m32[reads + (a >>> 12)]! ^ a; if ((x & 2147483649) === 0) r[((w >>> 16) & 31)] = m16[(x ^ e16) >> 1]!; else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; const v = c.load16(a); if (c.raised) continue turn; left = c.left; r[((w >>> 16) & 31)] = v; } } break; }
case 38: { { const a = ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0), x = m32[reads + (a >>> 12)]! ^ a; if ((x & 2147483648) === 0) r[((w >>> 16) & 31)] = loadRight(r[((w >>> 16) & 31)]!, m32[x >> 2]!, (a ^ e8) & 3); else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; const v = loadRight(r[((w >>> 16) & 31)]!, c.loadPart(a), (a ^ e8) & 3); if (c.raised) continue turn; left = c.left; r[((w >>> 16) & 31)] = v; } } break; }
case 40: { { const a = ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0), x = m32[writes + (a >>> 12)]! ^ a; if ((x & 2147483648) === 0) m8[x ^ e8] = r[((w >>> 16) & 31)]!; else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.store8(a, r[((w >>> 16) & 31)]!); if (c.raised) continue turn; left = c.left; } } break; }
case 41: { { const a = ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0), x = m32[writes + (a >>> 12)]! ^ a; if ((x & 2147483649) === 0) m16[(x ^ e16) >> 1] = r[((w >>> 16) & 31)]!; else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.store16(a, r[((w >>> 16) & 31)]!); if (c.raised) continue turn; left = c.left; } } break; }
case 42: { { const a = ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0), x = m32[writes + (a >>> 12)]! ^ a; if ((x & 2147483648) === 0) m32[x >> 2] = storeLeft(r[((w >>> 16) & 31)]!, m32[x >> 2]!, (a ^ e8) & 3); else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.storeLeft(a, r[((w >>> 16) & 31)]!); if (c.raised) continue turn; left = c.left; } } break; }
case 43: { { const a = ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0), x = m32[writes + (a >>> 12)]! ^ a; if ((x & 2147483651) === 0) m32[x >> 2] = r[((w >>> 16) & 31)]!; else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.store32(a, r[((w >>> 16) & 31)]!); if (c.raised) continue turn; left = c.left; } } break; }
case 46: { { const a = ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0), x = m32[writes + (a >>> 12)]! ^ a; if ((x & 2147483648) === 0) m32[x >> 2] = storeRight(r[((w >>> 16) & 31)]!, m32[x >> 2]!, (a ^ e8) & 3); else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.storeRight(a, r[((w >>> 16) & 31)]!); if (c.raised) continue turn; left = c.left; } } break; }
case 47: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.cache(w); continue turn; }
case 48: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.loadLinked(w, ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0)); continue turn; }
case 49: { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } { const a = ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0), x = m32[reads + (a >>> 12)]! ^ a; if ((x & 0x80000003) === 0) m32[f.low(((w >>> 16) & 31))] = m32[x >> 2]!; else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; const v = c.load32(a); if (c.raised) continue turn; left = c.left; m32[f.low(((w >>> 16) & 31))] = v; } } break; }
case 51: {  break; }
case 53: { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } { const a = ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0), x = m32[reads + (a >>> 12)]! ^ a; const to = f.high(((w >>> 16) & 31)) - 1; if ((x & 0x80000007) === 0) { const i = (x >> 2) ^ (e8 & 1); m32[to] = m32[i]!; m32[to + 1] = m32[i ^ 1]!; } else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.loadDouble(a, to); if (c.raised) continue turn; left = c.left; } } break; }
case 56: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.storeConditional(w, ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0)); continue turn; }
case 57: { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } { const a = ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0), x = m32[writes + (a >>> 12)]! ^ a; if ((x & 0x80000003) === 0) m32[x >> 2] = m32[f.low(((w >>> 16) & 31))]!; else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.store32(a, m32[f.low(((w >>> 16) & 31))]!); if (c.raised) continue turn; left = c.left; } } break; }
case 61: { if (!c.fpuUsable) { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.unusable(1); continue turn; } { const a = ((r[((w >>> 21) & 31)]! + ((w << 16) >> 16)) | 0), x = m32[writes + (a >>> 12)]! ^ a; const from = f.high(((w >>> 16) & 31)) - 1; if ((x & 0x80000007) === 0) { const i = (x >> 2) ^ (e8 & 1); m32[i] = m32[from]!; m32[i ^ 1] = m32[from + 1]!; } else { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.storeDouble(a, from); if (c.raised) continue turn; left = c.left; } } break; }
default: { c.pc = pc; c.next = next; c.delay = delay; c.left = left; c.reserved(w); continue turn; }
}
      r[0] = 0;
      if (delay === 0) pc = (pc + 4) | 0;
      else { pc = next; delay = 0; }
    }
  }
}

function addSingleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? addSingle(f.single(((w >>> 11) & 31)), f.single(((w >>> 16) & 31))) : NaN;
  if (v === v) f.setSingle(((w >>> 6) & 31), v);
  else f.calculate('add', 's', w);
}
function subSingleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? addSingle(f.single(((w >>> 11) & 31)), -f.single(((w >>> 16) & 31))) : NaN;
  if (v === v) f.setSingle(((w >>> 6) & 31), v);
  else f.calculate('sub', 's', w);
}
function mulSingleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? mulSingle(f.single(((w >>> 11) & 31)), f.single(((w >>> 16) & 31))) : NaN;
  if (v === v) f.setSingle(((w >>> 6) & 31), v);
  else f.calculate('mul', 's', w);
}
function divSingleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? divSingle(f.single(((w >>> 11) & 31)), f.single(((w >>> 16) & 31))) : NaN;
  if (v === v) f.setSingle(((w >>> 6) & 31), v);
  else f.calculate('div', 's', w);
}
function sqrtSingleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? sqrtSingle(f.single(((w >>> 11) & 31))) : NaN;
  if (v === v) f.setSingle(((w >>> 6) & 31), v);
  else f.calculate('sqrt', 's', w);
}
function recipSingleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? divSingle(1, f.single(((w >>> 11) & 31))) : NaN;
  if (v === v) f.setSingle(((w >>> 6) & 31), v);
  else f.calculate('recip', 's', w);
}
function rsqrtSingleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? divSingle(1, sqrtSingle(f.single(((w >>> 11) & 31)))) : NaN;
  if (v === v) f.setSingle(((w >>> 6) & 31), v);
  else f.calculate('rsqrt', 's', w);
}
function addDoubleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? addDouble(f.double(((w >>> 11) & 31)), f.double(((w >>> 16) & 31))) : NaN;
  if (v === v) f.setDouble(((w >>> 6) & 31), v);
  else f.calculate('add', 'd', w);
}
function subDoubleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? addDouble(f.double(((w >>> 11) & 31)), -f.double(((w >>> 16) & 31))) : NaN;
  if (v === v) f.setDouble(((w >>> 6) & 31), v);
  else f.calculate('sub', 'd', w);
}
function mulDoubleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? mulDouble(f.double(((w >>> 11) & 31)), f.double(((w >>> 16) & 31))) : NaN;
  if (v === v) f.setDouble(((w >>> 6) & 31), v);
  else f.calculate('mul', 'd', w);
}
function divDoubleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? divDouble(f.double(((w >>> 11) & 31)), f.double(((w >>> 16) & 31))) : NaN;
  if (v === v) f.setDouble(((w >>> 6) & 31), v);
  else f.calculate('div', 'd', w);
}
function sqrtDoubleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? sqrtDouble(f.double(((w >>> 11) & 31))) : NaN;
  if (v === v) f.setDouble(((w >>> 6) & 31), v);
  else f.calculate('sqrt', 'd', w);
}
function recipDoubleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? divDouble(1, f.double(((w >>> 11) & 31))) : NaN;
  if (v === v) f.setDouble(((w >>> 6) & 31), v);
  else f.calculate('recip', 'd', w);
}
function rsqrtDoubleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? divDouble(1, sqrtDouble(f.double(((w >>> 11) & 31)))) : NaN;
  if (v === v) f.setDouble(((w >>> 6) & 31), v);
  else f.calculate('rsqrt', 'd', w);
}
function maddSingleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? addSingle(mulSingle(f.single(((w >>> 11) & 31)), f.single(((w >>> 16) & 31))), f.single(((w >>> 21) & 31))) : NaN;
  if (v === v) f.setSingle(((w >>> 6) & 31), v);
  else f.calculate('madd', 's', w);
}
function msubSingleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? addSingle(mulSingle(f.single(((w >>> 11) & 31)), f.single(((w >>> 16) & 31))), -f.single(((w >>> 21) & 31))) : NaN;
  if (v === v) f.setSingle(((w >>> 6) & 31), v);
  else f.calculate('msub', 's', w);
}
function nmaddSingleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? -addSingle(mulSingle(f.single(((w >>> 11) & 31)), f.single(((w >>> 16) & 31))), f.single(((w >>> 21) & 31))) : NaN;
  if (v === v) f.setSingle(((w >>> 6) & 31), v);
  else f.calculate('nmadd', 's', w);
}
function nmsubSingleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? -addSingle(mulSingle(f.single(((w >>> 11) & 31)), f.single(((w >>> 16) & 31))), -f.single(((w >>> 21) & 31))) : NaN;
  if (v === v) f.setSingle(((w >>> 6) & 31), v);
  else f.calculate('nmsub', 's', w);
}
function maddDoubleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? addDouble(mulDouble(f.double(((w >>> 11) & 31)), f.double(((w >>> 16) & 31))), f.double(((w >>> 21) & 31))) : NaN;
  if (v === v) f.setDouble(((w >>> 6) & 31), v);
  else f.calculate('madd', 'd', w);
}
function msubDoubleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? addDouble(mulDouble(f.double(((w >>> 11) & 31)), f.double(((w >>> 16) & 31))), -f.double(((w >>> 21) & 31))) : NaN;
  if (v === v) f.setDouble(((w >>> 6) & 31), v);
  else f.calculate('msub', 'd', w);
}
function nmaddDoubleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? -addDouble(mulDouble(f.double(((w >>> 11) & 31)), f.double(((w >>> 16) & 31))), f.double(((w >>> 21) & 31))) : NaN;
  if (v === v) f.setDouble(((w >>> 6) & 31), v);
  else f.calculate('nmadd', 'd', w);
}
function nmsubDoubleRegisters(f: Fpu, w: number): void {
  const v = f.nearest ? -addDouble(mulDouble(f.double(((w >>> 11) & 31)), f.double(((w >>> 16) & 31))), -f.double(((w >>> 21) & 31))) : NaN;
  if (v === v) f.setDouble(((w >>> 6) & 31), v);
  else f.calculate('nmsub', 'd', w);
}

/** Arithmetic and control of coprocessor 1. Does not advance the CPU; `c.raised` is set when it raises. */
function executeFloat(c: Cpu, w: number): void {
  if (!c.fpuUsable) return c.unusable(1);
  const f = c.fpu, r = c.r;
  switch ((w >>> 26) & 63) {
case 17: { switch ((w >>> 21) & 31) {
case 2: { c.setRegister(((w >>> 16) & 31), f.readControl(((w >>> 11) & 31))); break; }
case 6: { f.writeControl(((w >>> 11) & 31), r[((w >>> 16) & 31)]!); break; }
case 16: { switch ((w >>> 0) & 63) {
case 0: { addSingleRegisters(f, w); break; }
case 1: { subSingleRegisters(f, w); break; }
case 2: { mulSingleRegisters(f, w); break; }
case 3: { divSingleRegisters(f, w); break; }
case 4: { sqrtSingleRegisters(f, w); break; }
case 5: { f.changeSign('abs', 's', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 6: { f.move('s', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 7: { f.changeSign('neg', 's', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 8: { if (f.odd !== 0) return c.reserved(w); f.toInteger('round', 'l', 's', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 9: { if (f.odd !== 0) return c.reserved(w); f.toInteger('trunc', 'l', 's', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 10: { if (f.odd !== 0) return c.reserved(w); f.toInteger('ceil', 'l', 's', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 11: { if (f.odd !== 0) return c.reserved(w); f.toInteger('floor', 'l', 's', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 12: { f.toInteger('round', 'w', 's', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 13: { f.toInteger('trunc', 'w', 's', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 14: { f.toInteger('ceil', 'w', 's', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 15: { f.toInteger('floor', 'w', 's', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 17: { if ((w & 65536) === 0) { if (f.condition((w >>> 18) & 7) === 0) f.move('s', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
if ((w & 65536) === 65536) { if (f.condition((w >>> 18) & 7) !== 0) f.move('s', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
return c.reserved(w); }
case 18: { if (r[((w >>> 16) & 31)]! === 0) f.move('s', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 19: { if (r[((w >>> 16) & 31)]! !== 0) f.move('s', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 21: { recipSingleRegisters(f, w); break; }
case 22: { rsqrtSingleRegisters(f, w); break; }
case 33: { if ((((w >>> 6)) & f.odd) !== 0) return c.reserved(w); f.toFloat('d', 's', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 36: { f.toInteger('cvt', 'w', 's', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 37: { if (f.odd !== 0) return c.reserved(w); f.toInteger('cvt', 'l', 's', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 48: case 49: case 50: case 51: case 52: case 53: case 54: case 55: case 56: case 57: case 58: case 59: case 60: case 61: case 62: case 63: { if ((w & 64) === 0) { f.compare(w & 15, 's', (w >>> 8) & 7, ((w >>> 11) & 31), ((w >>> 16) & 31)); break; }
return c.reserved(w); }
default: { return c.reserved(w); }
} break; }
case 17: { switch ((w >>> 0) & 63) {
case 0: { if ((((w >>> 6) | (w >>> 11) | (w >>> 16)) & f.odd) !== 0) return c.reserved(w); addDoubleRegisters(f, w); break; }
case 1: { if ((((w >>> 6) | (w >>> 11) | (w >>> 16)) & f.odd) !== 0) return c.reserved(w); subDoubleRegisters(f, w); break; }
case 2: { if ((((w >>> 6) | (w >>> 11) | (w >>> 16)) & f.odd) !== 0) return c.reserved(w); mulDoubleRegisters(f, w); break; }
case 3: { if ((((w >>> 6) | (w >>> 11) | (w >>> 16)) & f.odd) !== 0) return c.reserved(w); divDoubleRegisters(f, w); break; }
case 4: { if ((((w >>> 6) | (w >>> 11)) & f.odd) !== 0) return c.reserved(w); sqrtDoubleRegisters(f, w); break; }
case 5: { if ((((w >>> 6) | (w >>> 11)) & f.odd) !== 0) return c.reserved(w); f.changeSign('abs', 'd', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 6: { if ((((w >>> 6) | (w >>> 11)) & f.odd) !== 0) return c.reserved(w); f.move('d', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 7: { if ((((w >>> 6) | (w >>> 11)) & f.odd) !== 0) return c.reserved(w); f.changeSign('neg', 'd', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 8: { if (f.odd !== 0) return c.reserved(w); if ((((w >>> 11)) & f.odd) !== 0) return c.reserved(w); f.toInteger('round', 'l', 'd', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 9: { if (f.odd !== 0) return c.reserved(w); if ((((w >>> 11)) & f.odd) !== 0) return c.reserved(w); f.toInteger('trunc', 'l', 'd', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 10: { if (f.odd !== 0) return c.reserved(w); if ((((w >>> 11)) & f.odd) !== 0) return c.reserved(w); f.toInteger('ceil', 'l', 'd', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 11: { if (f.odd !== 0) return c.reserved(w); if ((((w >>> 11)) & f.odd) !== 0) return c.reserved(w); f.toInteger('floor', 'l', 'd', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 12: { if ((((w >>> 11)) & f.odd) !== 0) return c.reserved(w); f.toInteger('round', 'w', 'd', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 13: { if ((((w >>> 11)) & f.odd) !== 0) return c.reserved(w); f.toInteger('trunc', 'w', 'd', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 14: { if ((((w >>> 11)) & f.odd) !== 0) return c.reserved(w); f.toInteger('ceil', 'w', 'd', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 15: { if ((((w >>> 11)) & f.odd) !== 0) return c.reserved(w); f.toInteger('floor', 'w', 'd', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 17: { if ((w & 65536) === 0) { if (f.condition((w >>> 18) & 7) === 0) f.move('d', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
if ((w & 65536) === 65536) { if (f.condition((w >>> 18) & 7) !== 0) f.move('d', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
return c.reserved(w); }
case 18: { if (r[((w >>> 16) & 31)]! === 0) f.move('d', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 19: { if (r[((w >>> 16) & 31)]! !== 0) f.move('d', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 21: { if ((((w >>> 6) | (w >>> 11)) & f.odd) !== 0) return c.reserved(w); recipDoubleRegisters(f, w); break; }
case 22: { if ((((w >>> 6) | (w >>> 11)) & f.odd) !== 0) return c.reserved(w); rsqrtDoubleRegisters(f, w); break; }
case 32: { if ((((w >>> 11)) & f.odd) !== 0) return c.reserved(w); f.toFloat('s', 'd', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 36: { if ((((w >>> 11)) & f.odd) !== 0) return c.reserved(w); f.toInteger('cvt', 'w', 'd', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 37: { if (f.odd !== 0) return c.reserved(w); if ((((w >>> 11)) & f.odd) !== 0) return c.reserved(w); f.toInteger('cvt', 'l', 'd', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 48: case 49: case 50: case 51: case 52: case 53: case 54: case 55: case 56: case 57: case 58: case 59: case 60: case 61: case 62: case 63: { if ((w & 64) === 0) { if ((((w >>> 11) | (w >>> 16)) & f.odd) !== 0) return c.reserved(w); f.compare(w & 15, 'd', (w >>> 8) & 7, ((w >>> 11) & 31), ((w >>> 16) & 31)); break; }
return c.reserved(w); }
default: { return c.reserved(w); }
} break; }
case 20: { switch ((w >>> 0) & 63) {
case 32: { f.toFloat('s', 'w', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 33: { if ((((w >>> 6)) & f.odd) !== 0) return c.reserved(w); f.toFloat('d', 'w', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
default: { return c.reserved(w); }
} break; }
case 21: { switch ((w >>> 0) & 63) {
case 32: { if (f.odd !== 0) return c.reserved(w); f.toFloat('s', 'l', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
case 33: { if ((((w >>> 6)) & f.odd) !== 0) return c.reserved(w); if (f.odd !== 0) return c.reserved(w); f.toFloat('d', 'l', ((w >>> 6) & 31), ((w >>> 11) & 31)); break; }
default: { return c.reserved(w); }
} break; }
default: { return c.reserved(w); }
} break; }
case 19: { switch ((w >>> 0) & 63) {
case 32: { maddSingleRegisters(f, w); break; }
case 33: { if ((((w >>> 6) | (w >>> 11) | (w >>> 16) | (w >>> 21)) & f.odd) !== 0) return c.reserved(w); maddDoubleRegisters(f, w); break; }
case 40: { msubSingleRegisters(f, w); break; }
case 41: { if ((((w >>> 6) | (w >>> 11) | (w >>> 16) | (w >>> 21)) & f.odd) !== 0) return c.reserved(w); msubDoubleRegisters(f, w); break; }
case 48: { nmaddSingleRegisters(f, w); break; }
case 49: { if ((((w >>> 6) | (w >>> 11) | (w >>> 16) | (w >>> 21)) & f.odd) !== 0) return c.reserved(w); nmaddDoubleRegisters(f, w); break; }
case 56: { nmsubSingleRegisters(f, w); break; }
case 57: { if ((((w >>> 6) | (w >>> 11) | (w >>> 16) | (w >>> 21)) & f.odd) !== 0) return c.reserved(w); nmsubDoubleRegisters(f, w); break; }
default: { return c.reserved(w); }
} break; }
default: { return c.reserved(w); }
}
}
