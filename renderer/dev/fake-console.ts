/** What the invented machine prints. */
import type { MachineKind } from '../../emulator/protocol.ts';

export function bootLog(kind: MachineKind): string {
  const kvm = kind === 'kvm';
  return `kseg lab 0.4  mips32r2  ${kvm ? 'trap and emulate' : 'malta'}
cpu0: 24Kc PRId 0x00019300, 64 TLB entries, no FPU
cp0:  Config1 0xfe335180  Config3 0x80002000  EBase ${kvm ? '0x40000000' : '0x80000000'}
mem:  256 MiB, kernel ${kvm ? '0x40100000-0x4018bfff' : '0x80100000-0x8018bfff'}
map:  useg 0x00000000-${kvm ? '0x3fffffff' : '0x7fffffff'}  (TLB)
time: Count 100 MHz, tick 100 Hz
asid: 8 bits, 0x00 reserved, next 0x10
init: pid 1 asid 0x10, starting /bin/sh

`;
}

const prompt = '\x1b[32mlab$\x1b[0m ';

export const shellLines: readonly string[] = [
  `${prompt}help
  ps            processes, their ASIDs and pages
  pingpong N    two processes pass a byte N times
  forkexec N    fork, exec /bin/true, wait; N times
  walk N        touch N pages of useg, one byte each
  tlb           print the guest TLB
`,
  `${prompt}ps
  pid  asid  state  pages  pc          name
    1  0x10  wait      22  0x00010b2c  init
    2  0x11  run       31  0x00010f40  sh
`,
  `${prompt}forkexec 20
20 processes, ASIDs 0x12-0x25, 41 switches
2,861 refills, 322 invalid, 604 modified
`,
  `${prompt}walk 64
touched 64 pages from 0x20000000 in 3,412 instructions
64 refills, 0 invalid, 64 modified
`,
  `${prompt}pingpong 1000
ping pid 7 asid 0x12    pong pid 8 asid 0x13
   100  switches  200   2,514 instr/switch
   200  switches  400   2,511 instr/switch
`,
];
