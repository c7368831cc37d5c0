/** The bundled guests, as the toolbar offers them. */
import type { MachineInfo } from '../../emulator/protocol.ts';
import type { BootRequest } from '../../main/bridge.ts';

export interface Guest {
  id: string;
  label: string;
  request: BootRequest;
}

export const GUESTS: readonly [Guest, ...Guest[]] = [
  { id: 'lab-kvm', label: 'Lab kvm, little endian', request: { machine: 'kvm', bigEndian: false } },
  { id: 'lab-malta', label: 'Lab malta, little endian', request: { machine: 'malta', bigEndian: false } },
  { id: 'lab-malta-be', label: 'Lab malta, big endian', request: { machine: 'malta', bigEndian: true } },
];

/** The bundled guest a machine runs, or undefined when it runs a kernel of the user's. */
export function guestOf(info: MachineInfo): Guest | undefined {
  if (!/^(kseg )?lab\b/i.test(info.guest)) return undefined;
  return GUESTS.find(({ request }) => request.machine === info.machine && request.bigEndian === info.bigEndian);
}
