import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { kernelArgument } from './arguments.ts';

const app = path.resolve('/src/kseg');
const cwd = path.resolve('/home/me');
const kernel = (...argv: string[]) => kernelArgument(argv, cwd, app);

describe('kernelArgument', () => {
  it.each([
    [['kseg'], null],
    [['kseg', 'vmlinux'], path.join(cwd, 'vmlinux')],
    [['kseg', '--no-sandbox', '--inspect=0', '/boot/vmlinux'], path.resolve('/boot/vmlinux')],
    [['electron', '--disable-gpu', app], null],
    [['electron', '-r', '/loader.js', '--no-sandbox', app, 'vmlinux', 'other'], path.join(cwd, 'vmlinux')],
    [['kseg', ''], null],
  ])('%j gives %j', (argv, file) => expect(kernel(...argv)).toBe(file));
});
