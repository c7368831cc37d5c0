import { describe, expect, it } from 'vitest';
import type { MachineInfo } from '../../emulator/protocol.ts';
import { GUESTS, guestOf, isRequestFor } from './guests.ts';

const info = (guest: string, machine: 'kvm' | 'malta', bigEndian: boolean): MachineInfo =>
  ({ guest, machine, bigEndian }) as MachineInfo;

describe('isRequestFor', () => {
  it('looks at the kernel, not at the machine round it', () => {
    const [lab, malta] = GUESTS;
    expect(isRequestFor({ ...lab.request, memoryMiB: 64, tlbEntries: 32 }, lab)).toBe(true);
    expect(isRequestFor(lab.request, malta!)).toBe(false);
    expect(isRequestFor({ ...lab.request, kernelId: 1 }, lab)).toBe(false);
    expect(isRequestFor({ ...lab.request, kernelGuest: 'vmlinux' }, lab)).toBe(false);
  });
});

describe('guestOf', () => {
  it('knows the bundled guests by name, machine and byte order', () => {
    expect(guestOf(info('Lab', 'malta', true))?.id).toBe('lab-malta-be');
    expect(guestOf(info('Lab', 'kvm', false))?.id).toBe('lab-kvm');
    expect(guestOf(info('vmlinux', 'malta', false))).toBeUndefined();
    expect(guestOf(info('label-maker', 'malta', false))).toBeUndefined();
  });
});
