/** The bundled guests, as the toolbar offers them. */
import type { MachineInfo } from '../../emulator/protocol.ts';
import type { BootRequest } from '../../main/bridge.ts';

export interface Guest {
  id: string;
  label: string;
  request: BootRequest;
  /** What is worth knowing before one chooses it. */
  about: string;
}

export const GUESTS: readonly [Guest, ...Guest[]] = [
  {
    id: 'lab-kvm',
    label: 'Lab kvm, little endian',
    request: { machine: 'kvm', bigEndian: false },
    about: 'a shell under the hypervisor, made for ASID changes',
  },
  {
    id: 'lab-malta',
    label: 'Lab malta, little endian',
    request: { machine: 'malta', bigEndian: false },
    about: 'the same programs with a Malta board to themselves',
  },
  {
    id: 'lab-malta-be',
    label: 'Lab malta, big endian',
    request: { machine: 'malta', bigEndian: true },
    about: 'the same again in the other byte order',
  },
];

/** Whether a request boots this bundled guest, in whatever machine. */
export function isRequestFor(request: BootRequest, guest: Guest): boolean {
  const own = request.kernelId === undefined && request.kernelGuest === undefined;
  return own && request.machine === guest.request.machine && request.bigEndian === guest.request.bigEndian;
}

/** The bundled guest a machine runs, or undefined when it runs a kernel of the user's. */
export function guestOf(info: MachineInfo): Guest | undefined {
  if (!/^(kseg )?lab\b/i.test(info.guest)) return undefined;
  return GUESTS.find(({ request }) => request.machine === info.machine && request.bigEndian === info.bigEndian);
}
