import fc from 'fast-check';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { MAX_INPUT } from '../emulator/protocol.ts';
import { type MessageName, checkMessage } from './messages.ts';

/** The rows of a table of messages, each with its value in words before it: bytes and texts by their beginning. */
const named = <Rest extends unknown[]>(rows: [MessageName, unknown, ...Rest][]) =>
  rows.map(([name, value, ...rest]): [MessageName, string, unknown, ...Rest] => [
    name,
    inspect(value, { maxArrayLength: 4, maxStringLength: 40, breakLength: Infinity }),
    value,
    ...rest,
  ]);

describe('checkMessage', () => {
  it.each(
    named([
      ['boot', {}],
      ['boot', { machine: 'malta', bigEndian: true, memoryMiB: 16, tlbEntries: 64, seed: 0xffff_ffff, kernelId: 1 }],
      ['boot', { commandLine: undefined }],
      ['step', 1],
      ['input', new Uint8Array(MAX_INPUT)],
      ['watch', { segments: true, tlb: false, slot: null }],
      ['watch', { segments: true, tlb: false, slot: 511 }],
      ['ackConsole', 0],
      ['recordTimeline', false],
      ['boot', { kernelGuest: 'kernel-6.1.0_4kc+malta', initrdGuest: '0f3a' }],
      ['boot', { disks: [] }],
      ['boot', { hostCpus: 8, migrateEvery: 1 }],
      [
        'boot',
        {
          disks: [
            { fileId: 3, interface: 'ide', writable: true },
            { guest: 'debian-12.img', interface: 'virtio', writable: false },
          ],
        },
      ],
      ['openDropped', '/tmp/vmlinux'],
      ['importDropped', '/tmp/linux-image.deb'],
      ['removeGuest', '0f3a'],
      ['saveText', { name: 'console.txt', text: '' }],
      ['theme', 'system'],
    ]),
  )('%s takes %s', (name, _, value) => expect(checkMessage(name, value)).toEqual(value));

  it.each(
    named<[string]>([
      ['boot', undefined, 'its argument must be an object'],
      ['boot', { memoryMiB: 'x' }, 'memoryMiB must be a whole number from 16 to 1024'],
      ['boot', { memoryMiB: 8 }, 'memoryMiB must be a whole number from 16 to 1024'],
      ['boot', { memoryMiB: NaN }, 'memoryMiB must be a whole number from 16 to 1024'],
      ['boot', { tlbEntries: 17 }, 'tlbEntries must be one of 16, 32, 64'],
      ['boot', { kernel: { name: 'x', bytes: new Uint8Array(1) } }, 'kernel is not known here'],
      ['boot', { commandLine: 'x'.repeat(4096) }, 'commandLine must be text of at most 4095 characters'],
      ['boot', { hostCpus: 9 }, 'hostCpus must be a whole number from 1 to 8'],
      ['boot', { hostCpus: 2, migrateEvery: 0 }, 'migrateEvery must be a whole number from 1 to 1000000000'],
      ['boot', { migrateEvery: 5 }, 'its argument has migrateEvery, which needs hostCpus of 2 or more'],
      ['boot', { commandLine: 'a\0b' }, 'commandLine must not contain a zero character'],
      ['step', 1.5, 'its argument must be a whole number from 1 to 1000000000'],
      ['step', -1, 'its argument must be a whole number from 1 to 1000000000'],
      ['input', [1, 2], 'its argument must be bytes'],
      ['input', new Uint8Array(MAX_INPUT + 1), 'its argument must be at most 65536 bytes at once'],
      ['watch', null, 'its argument must be an object'],
      ['watch', { segments: true, slot: null }, 'tlb is missing'],
      ['watch', { segments: 1, tlb: true, slot: null }, 'segments must be true or false'],
      ['ackView', Infinity, 'its argument must be a whole number from 0 to 9007199254740991'],
      ['openDropped', '', 'its argument must be a file on this computer'],
      ['importDropped', '', 'its argument must be a file on this computer'],
      ['boot', { kernelGuest: '../../etc/passwd' }, 'kernelGuest must be the id of a guest in the library'],
      ['boot', { disks: {} }, 'disks must be a list'],
      [
        'boot',
        { disks: new Array(5).fill({ fileId: 1, interface: 'ide', writable: false }) },
        'disks must be at most 4',
      ],
      [
        'boot',
        { disks: [{ path: '/etc/shadow', interface: 'ide', writable: true }] },
        'disks.0.path is not known here',
      ],
      [
        'boot',
        { disks: [{ fileId: 1, interface: 'scsi', writable: true }] },
        'disks.0.interface must be one of ide, virtio',
      ],
      ['boot', { disks: [{ fileId: 1, interface: 'ide' }] }, 'disks.0.writable is missing'],
      [
        'boot',
        { disks: [{ interface: 'ide', writable: false }] },
        'disks.0 must name an open file or a guest of the library, and only one',
      ],
      [
        'boot',
        { disks: [{ fileId: 1, guest: 'a', interface: 'ide', writable: false }] },
        'disks.0 must name an open file or a guest of the library, and only one',
      ],
      ['removeGuest', '..', 'its argument must be the id of a guest in the library'],
      ['removeGuest', 7, 'its argument must be text of at most 128 characters'],
      ['saveText', { name: 'x'.repeat(256), text: '' }, 'name must be text of at most 255 characters'],
    ]),
  )('%s refuses %s', (name, _, value, why) => {
    expect(() => checkMessage(name, value)).toThrow(new Error(`The request ${name} was refused: ${why}.`));
  });

  it('answers anything with a value or one sentence', () => {
    const names = fc.constantFrom<MessageName>('boot', 'step', 'input', 'watch', 'ackConsole', 'saveText', 'copyText');
    fc.assert(
      fc.property(names, fc.anything(), (name, value) => {
        try {
          checkMessage(name, value);
        } catch (error) {
          expect((error as Error).message).toMatch(/^The request \w+ was refused: [^\n]*\.$/);
        }
      }),
    );
  });
});

describe('the debugger', () => {
  const cpu = { fpu: false, code: { address: null, before: 1, after: 1 }, memory: null };
  const watch = { segments: false, tlb: false, slot: null };
  it.each(
    named([
      ['debug', { do: 'addBreakpoint', spec: 'switch_mm if a0 != 0' }],
      ['debug', { do: 'changeBreakpoint', id: 1, enabled: false }],
      ['debug', { do: 'setMemory', address: 0xffffffff, physical: true, bytes: new Uint8Array(4) }],
      ['watch', { ...watch, cpu, breakpoints: true, translate: { direction: 'physical', address: '0x1000' } }],
    ]),
  )('%s takes %s', (name, _, value) => {
    expect(checkMessage(name, value)).toEqual(value);
  });

  it.each(
    named([
      ['debug', { do: 'format', disk: 'c' }],
      ['debug', { do: 'removeBreakpoint', id: 0 }],
      ['debug', { do: 'addBreakpoint', spec: 'x'.repeat(2000) }],
      ['debug', { do: 'setRegister', register: 35, value: 0 }],
      ['debug', { do: 'setRegister', register: 4, value: -1 }],
      ['debug', { do: 'setMemory', address: 0, physical: false, bytes: new Uint8Array(1 << 20) }],
      ['debug', { do: 'stepOver', twice: true }],
      ['watch', { ...watch, cpu: { ...cpu, memory: { address: 'sp', physical: false, bytes: 1e9 } } }],
      [
        'watch',
        { ...watch, translate: { direction: 'virtual', address: 'sp', access: 'eat', mode: null, asid: null } },
      ],
      [
        'watch',
        { ...watch, translate: { direction: 'virtual', address: 'sp', access: 'load', mode: null, asid: 256 } },
      ],
    ]),
  )('%s refuses %s in one sentence', (name, _, value) => {
    expect(() => checkMessage(name, value)).toThrow(/^The request \w+ was refused: [^\n]*\.$/);
  });
});
