/** What all panels together ask the emulator for. */
import type { ViewRequest } from '../../emulator/protocol.ts';

const NOTHING: ViewRequest = { segments: false, tlb: false, slot: null };

/** One request that has every part some panel asks for. Of a part that holds one value, the last one asked for counts. */
export function mergeRequests(requests: Iterable<Partial<ViewRequest>>): ViewRequest {
  const merged: ViewRequest = { ...NOTHING };
  for (const request of requests) {
    const asked = Object.entries(request).filter(([, part]) => part !== undefined && part !== null && part !== false);
    Object.assign(merged, Object.fromEntries(asked));
  }
  return merged;
}
