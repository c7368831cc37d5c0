import { expect, test } from 'vitest';
import { MaltaFpga } from './malta-fpga.ts';

test('reset values', () => {
  const fpga = new MaltaFpga(false, () => {});
  const found: Record<string, number> = {};
  for (let offset = 0; offset < 0x1000; offset += 4) {
    const value = fpga.read(offset, 4);
    if (value) found[offset.toString(16)] = value;
  }
  expect(found).toEqual({ '208': 0x10, '508': 0x0a, a08: 3, b00: 2, b10: 3, b18: 1 });
  expect(new MaltaFpga(true, () => {}).read(0x208, 4)).toBe(0x12);
});

test('the display', () => {
  const fpga = new MaltaFpga(false, () => {});
  expect(fpga.asciiDisplay).toBe('        ');
  [...'LINUX\n'].forEach((c, i) => fpga.write(0x418 + 8 * i, 4, c.charCodeAt(0)));
  expect(fpga.asciiDisplay).toBe('LINUX   ');
  fpga.write(0x410, 4, 0xdeadbeef);
  expect(fpga.asciiDisplay).toBe('DEADBEEF');
  fpga.write(0x408, 4, 0x1a5);
  expect(fpga.leds).toBe(0xa5);
  fpga.reset();
  expect(fpga.asciiDisplay).toBe('        ');
});

test('SOFTRES takes its password only', () => {
  let resets = 0;
  const fpga = new MaltaFpga(false, () => resets++);
  fpga.write(0x500, 4, 0x41);
  expect(resets).toBe(0);
  fpga.write(0x500, 4, 0x42);
  expect(resets).toBe(1);
});
