import { describe, expect, it } from 'vitest';
import type { MachineInfo } from '../../emulator/protocol.ts';
import { guestOf } from './guests.ts';

const info = (guest: string, machine: 'kvm' | 'malta', bigEndian: boolean): MachineInfo =>
  ({ guest, machine, bigEndian }) as MachineInfo;

describe('guestOf', () => {
  it('knows the bundled guests by name, machine and byte order', () => {
    expect(guestOf(info('Lab', 'malta', true))?.id).toBe('lab-malta-be');
    expect(guestOf(info('Lab', 'kvm', false))?.id).toBe('lab-kvm');
    expect(guestOf(info('vmlinux', 'malta', false))).toBeUndefined();
    expect(guestOf(info('label-maker', 'malta', false))).toBeUndefined();
  });
});
