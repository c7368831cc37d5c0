/** The host's side of the guest's address spaces, for the TLB panel; see HostView in protocol.ts. */
import type { Machine } from './machine.ts';
import { SEGMENTS } from './mmu/layout.ts';
import type { AddressSpace } from './mmu/mmu.ts';
import type { HostTableView, HostView } from './protocol.ts';

/** Looks at every host TLB entry there is: not for every frame. */
export function viewHost(machine: Machine): HostView {
  const { mmu } = machine;
  return {
    cpu: mmu.cpus.current,
    cpus: Array.from({ length: mmu.cpus.count }, (_, cpu) => ({
      asidCache: mmu.cpus.asidCache[cpu]!,
      kernel: viewTable(machine, mmu.kernel, cpu),
      user: viewTable(machine, mmu.user, cpu),
    })),
    lastUserAsid: mmu.lastUserAsid,
    userTables: mmu.userTables().length,
    wraps: mmu.cpus.wraps,
    refills: mmu.hostRefills,
  };
}

function viewTable({ mmu }: Machine, space: AddressSpace, cpu: number): HostTableView {
  const context = space.contexts[cpu]!;
  const stale = mmu.cpus.isStale(context, cpu);
  const held = space.heldOn(cpu);
  const segments: HostTableView['segments'] = {};
  let writable = 0;
  for (const [va, stores] of held.pages) {
    const name = SEGMENTS[mmu.layout.segmentOf[va >>> 29]!];
    if (name) segments[name] = (segments[name] ?? 0) + 1;
    if (stores) writable++;
  }
  const matches = !stale && held.context === context;
  return {
    context,
    stale,
    entries: held.pages.size,
    writable,
    unreachable: matches ? 0 : held.pages.size,
    segments,
  };
}
