import { describe, expect, it } from 'vitest';
import type { GuestEntry } from '../../main/bridge.ts';
import { GUESTS } from '../lib/guests.ts';
import { type Choice, choiceOf, defaultSettings, problemsOf, requestOf, settingsOf } from './settings.ts';

const entry = (id: string, kind: GuestEntry['kind']): GuestEntry => ({
  id,
  kind,
  name: id,
  version: '6.1.170-3',
  architecture: 'mipsel',
  sha256: '',
  size: 1,
  imported: '2026-03-01T08:12:00.000Z',
  source: `${id}.deb`,
});
const lab: Choice = { kind: 'bundled', guest: GUESTS[0] };
const linux: Choice = { kind: 'library', entry: entry('vmlinux-6.1.0', 'kernel') };
const initrds = [entry('busybox', 'busybox'), entry('rootfs', 'initramfs')];

describe('settings', () => {
  it('of the Lab: its machine as it is', () => {
    const settings = defaultSettings(lab, initrds);
    expect(settings).toMatchObject({ machine: 'kvm', memory: '128', tlb: '64', commandLine: '', initrd: '' });
    expect(requestOf(lab, settings)).toEqual({
      machine: 'kvm',
      bigEndian: false,
      memoryMiB: 128,
      tlbEntries: 64,
      seed: 1,
    });
  });

  it('of a Linux: console and newest initrd', () => {
    const settings = defaultSettings(linux, initrds);
    expect(settings).toMatchObject({ machine: 'kernel', commandLine: 'console=ttyS0', initrd: 'busybox' });
    expect(requestOf(linux, settings)).toEqual({
      kernelGuest: 'vmlinux-6.1.0',
      initrdGuest: 'busybox',
      memoryMiB: 256,
      commandLine: 'console=ttyS0',
      seed: 1,
    });
    expect(defaultSettings(linux, []).initrd).toBe('');
    const big = { ...initrds[0]!, architecture: 'mips' };
    expect(defaultSettings(linux, [big, initrds[1]!]).initrd).toBe('rootfs');
    const other: Choice = { kind: 'library', entry: { ...linux.entry, name: 'hello.elf', version: '' } };
    expect(defaultSettings(other, initrds)).toMatchObject({ commandLine: '', initrd: '' });
  });

  it('come back from the request they made', () => {
    for (const choice of [lab, linux]) {
      const settings = { ...defaultSettings(choice, initrds), memory: '64', tlb: '32' as const, seed: '7' };
      expect(settingsOf(requestOf(choice, settings), choice)).toEqual(settings);
    }
    expect(settingsOf({ kernelGuest: 'vmlinux-6.1.0', machine: 'malta' }, linux)).toMatchObject({ tlb: '16' });
  });

  it('with everything changed go round through the request', () => {
    const file: Choice = { kind: 'file', id: 3, name: 'vmlinux' };
    const settings = {
      ...defaultSettings(file, []),
      machine: 'malta' as const,
      tlb: '32' as const,
      cpu: '34Kf-like' as const,
      policy: 'tagged' as const,
      geometry: 'm64_4k' as const,
      hostCpus: '2',
      migrateEvery: '50000',
      check: true,
      nsPerInstruction: 2,
      disks: [
        { source: '#4', interface: 'virtio' as const, writable: true },
        { source: 'root.img', interface: 'ide' as const, writable: false },
      ],
    };
    const request = requestOf(file, settings);
    expect(request).toMatchObject({ kernelId: 3, machine: 'malta', cpu: '34Kf-like', policy: 'tagged', check: true });
    expect(request).toMatchObject({ hostCpus: 2, migrateEvery: 50000 });
    expect(settingsOf(request, file)).toEqual(settings);
    expect(choiceOf(request, [], { 3: 'vmlinux' })).toEqual(file);
    const kvm = requestOf(lab, { ...defaultSettings(lab, []), cpu: '24Kc', dynamicTranslation: true });
    expect(kvm).toMatchObject({ dynamicTranslation: true });
    expect(kvm).not.toHaveProperty('cpu');
    const malta = { ...settings, check: false, keepReplaced: true };
    expect(requestOf(file, malta)).toMatchObject({ keepReplaced: true });
    expect(settingsOf(requestOf(file, malta), file)).toEqual(malta);
    expect(requestOf(file, { ...malta, machine: 'kvm' })).not.toHaveProperty('keepReplaced');
  });

  it('know what a request boots', () => {
    expect(choiceOf({}, [])).toEqual(lab);
    expect(choiceOf({ bigEndian: true }, [])).toEqual({ kind: 'bundled', guest: GUESTS[2] });
    expect(choiceOf({ kernelGuest: 'vmlinux-6.1.0' }, [linux.entry])).toEqual(linux);
    expect(choiceOf({ kernelGuest: 'gone' }, [linux.entry])).toBeNull();
  });

  it('problems are sentences', () => {
    const good = defaultSettings(lab, []);
    expect(problemsOf(good)).toEqual({});
    for (const memory of ['', '15', '1025', '64.5', '0x40', '-64', 'much']) {
      expect(problemsOf({ ...good, memory })).toEqual({ memory: 'Memory is a whole number of MiB, from 16 to 1,024.' });
    }
    expect(Object.keys(problemsOf({ ...good, seed: '4294967296', commandLine: 'x'.repeat(4096) })).sort()).toEqual([
      'commandLine',
      'seed',
    ]);
    expect(problemsOf({ ...good, memory: ' 64 ' })).toEqual({});
    expect(problemsOf({ ...good, hostCpus: '2', migrateEvery: '0' })).toHaveProperty('migrateEvery');
    expect(problemsOf({ ...good, hostCpus: '2', migrateEvery: '' })).toEqual({});
  });

  it('one host CPU has nowhere to move to', () => {
    const settings = { ...defaultSettings(lab, []), migrateEvery: 'no number' };
    expect(problemsOf(settings)).toEqual({});
    expect(requestOf(lab, settings)).not.toHaveProperty('migrateEvery');
    expect(requestOf(lab, { ...settings, hostCpus: '4', migrateEvery: '' })).toMatchObject({ hostCpus: 4 });
  });
});
