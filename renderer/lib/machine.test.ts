import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ViewUpdate } from '../../emulator/protocol.ts';
import type { KsegBridge } from '../../main/bridge.ts';
import { machine } from './machine.svelte.ts';

/* It reads the window's storage. */
vi.mock('./recents.svelte.ts', () => ({ recents: { add: () => {} } }));

let receive: (view: ViewUpdate) => void;
let frame: () => void;
let end: () => void;
const acknowledged: number[] = [];

beforeEach(() => {
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => (frame = run));
  const none = () => () => {};
  end = machine.connect({
    onBooted: none,
    onState: none,
    onError: none,
    onPhase: none,
    onView: (listener: typeof receive) => ((receive = listener), () => {}),
    watch: () => {},
    ackView: (sequence: number) => acknowledged.push(sequence),
  } as unknown as KsegBridge);
});
afterEach(() => {
  end();
  vi.unstubAllGlobals();
});

const view = (sequence: number, asid: number, more: Partial<ViewUpdate> = {}) =>
  ({ sequence, asid, reading: false, ...more }) as ViewUpdate;
const tlb = { writes: 7 } as ViewUpdate['tlb'];

it('reads the ASID and the TLB of one instant, though a later view came in the same frame', () => {
  receive(view(1, 0x12, { reading: true, tlb }));
  receive(view(2, 0x13));
  frame();
  expect([machine.reading?.asid, machine.tlb]).toEqual([0x12, tlb]);
  expect(machine.view?.asid).toBe(0x13);
  expect(acknowledged).toEqual([2]);
  receive(view(3, 0x12));
  frame();
  expect(machine.reading?.sequence).toBe(1);
});
