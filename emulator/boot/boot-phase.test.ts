import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BootPhase } from '../protocol.ts';
import { BootPhases } from './boot-phase.ts';

const describePhase = ({ name, seconds }: BootPhase) => (seconds === null ? name : `${name}, ${seconds.toFixed(3)} s`);

const LOG = [
  '[    0.000000] Linux version 6.1.0-50-4kc-malta (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14))',
  '[    0.000000] printk: bootconsole [early0] enabled',
  '[    0.000000] Memory: 246840K/262144K available (9386K kernel code, 1038K rwdata)',
  '[    0.021417] Calibrating delay loop... 332.80 BogoMIPS (lpj=1664000)',
  '[    0.130904] PCI host bridge to bus 0000:00',
  '[    0.131000] pci_bus 0000:00: root bus resource [mem 0x10000000-0x17ffffff]',
  '[    0.402118] NET: Registered PF_INET protocol family',
  '[    0.511332] Trying to unpack rootfs image as initramfs...',
  '[    0.600000] pci 0000:00:0a.1: quirk applied',
  '[    1.204410] Serial: 8250/16550 driver, 4 ports, IRQ sharing enabled',
  '[    2.101732] Freeing unused kernel image (initmem) memory: 1580K',
  '[    2.102911] Run /init as init process',
  '[    2.103000]   with arguments:',
];

/** The phases a log goes through. */
function phases(text: string, step = text.length): string[] {
  const boot = new BootPhases();
  const seen: string[] = [];
  for (let at = 0; at < text.length; at += step) {
    boot.push(text.slice(at, at + step));
    const now = boot.phase ? describePhase(boot.phase) : '-';
    if (seen.at(-1) !== now) seen.push(now);
  }
  return seen;
}

const each = (lines: string[]) => lines.flatMap((line) => phases(line + '\r\n'));

describe('BootPhases', () => {
  it('names what a Linux is at, with its own time', () => {
    const boot = new BootPhases();
    const seen = LOG.map((line) => {
      boot.push(line + '\r\n');
      return describePhase(boot.phase!);
    });
    expect([...new Set(seen)]).toEqual([
      'kernel starts, 0.000 s',
      'memory is set up, 0.000 s',
      'calibrates its delay loop, 0.021 s',
      'finds PCI devices, 0.131 s',
      'network protocols, 0.402 s',
      'unpacks the initial RAM disk, 0.511 s',
      'serial ports, 1.204 s',
      'gives back its boot memory, 2.102 s',
      'starts /init, 2.103 s',
    ]);
  });

  it('is done when a program speaks', () => {
    const boot = new BootPhases();
    boot.push(LOG.join('\n') + '\n');
    expect(boot.done).toBe(false);
    boot.push('BusyBox v1.35.0\n');
    expect(boot.done).toBe(true);
    expect(boot.phase).toBeNull();
  });

  it('is done when a shell prompts', () => {
    for (const prompt of ['/ # ', '~ # \x1b[6n', 'kseg login: ']) {
      const boot = new BootPhases();
      boot.push(LOG.join('\n') + '\n');
      boot.push('[    2.2');
      expect(boot.done).toBe(false);
      boot.push('] random: crng init done\r\n' + prompt);
      expect(boot.done).toBe(true);
    }
  });

  it('takes logs without stamps, and lines in pieces', () => {
    const bare = LOG.map((line) => line.replace(/^\[.*?\] /, '')).join('\n') + '\n';
    const boot = new BootPhases();
    boot.push(bare.slice(0, bare.indexOf('PCI host')));
    expect(boot.phase).toEqual({ name: 'calibrates its delay loop', seconds: null });
    const whole = LOG.join('\r\n') + '\r\nlogin: \n';
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (step) => {
        expect(phases(whole, step).at(-1)).toBe('-');
      }),
    );
  });

  it('a compressed kernel is silent at first', () => {
    const boot = new BootPhases(true);
    expect(boot.phase).toEqual({ name: 'kernel unpacks itself', seconds: null });
    boot.push(LOG[0] + '\r\n');
    expect(boot.phase?.name).toBe('kernel starts');
  });

  it('knows the Lab, and that its prompt ends the boot', () => {
    expect(phases('Lab kernel 1.0 (kvm layout, little endian)\r\ncpu: PRId\r\nlab$ ', 1)).toEqual([
      '-',
      'kernel starts',
      '-',
    ]);
  });

  it('ends with a panic', () => {
    const boot = new BootPhases();
    boot.push(LOG.slice(0, 5).join('\n') + '\n[    0.2] Kernel panic - not syncing: No working init found.\n');
    expect([boot.done, boot.phase]).toEqual([true, null]);
  });

  it('has nothing to say of other guests, and soon stops reading', () => {
    expect(each(['Kseg Lab', 'lab$ ', '[    0.1] Calibrating delay loop'])).toEqual(['-', '-', '-']);
    const boot = new BootPhases();
    boot.push('x'.repeat(65 * 1024));
    expect(boot.done).toBe(true);
  });
});
