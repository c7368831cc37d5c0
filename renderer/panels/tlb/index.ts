/** The guest's TLB. */
import type { Panel } from '../panel.ts';
import { layout } from '../../lib/layout.svelte.ts';
import { openPart } from '../open-part.ts';
import { tlbActions } from './actions.ts';
import Tlb from './Tlb.svelte';

export const tlbPanel: Panel = {
  id: 'tlb',
  title: 'TLB',
  place: 'low',
  layouts: { mmu: 'low', debug: 'top' },
  help: [
    'The guest’s TLB as the architecture has it: VPN2, page mask, ASID or G, and the even and the odd page with frame, cache attribute, D and V. Rows change in place. A column’s heading sorts by it, and again the other way round, the dot’s puts what matches the current ASID first; entries that match nothing, as the guest’s invalidated ones, come last in every order. Filter leaves entries of one ASID (global ones match every ASID), of one segment, or only those that can serve an access.',
    'A dot marks entries that match the current ASID, a ring those of others, Δ what has changed since the view before, ‼ duplicates, which the architecture forbids. While an instant is pinned in Segments, ≠ marks the entries that differ from it instead, with what differs underlined; the card says what they were. The map beside the table has a tick for each entry and is its scrollbar. Arrow keys choose an entry, Space shows all of it in a card, Enter goes to Translate. An entry under the pointer or the keyboard marks its slot in Segments, and a slot there the entries here.',
    'Host shows the other side: for each host CPU the context (version and 8-bit ASID) of both tables and whether it is live; stale means that the next entry to the guest takes a new one. “stale view” is KVM’s lazy user flush: the host ASID is good, but the pages are of last_user_gasid and not of the guest’s ASID. Below it, the pages that the CPU’s TLB holds for each table, by segment, and how many take stores. Unreachable pages were entered under a context that the table does not have any more. The host TLB here is a flat table of up to 32,768 pages, and keeps kseg0 over a kernel flush where hardware would refill it.',
  ],
  component: Tlb,
  commands: [
    {
      id: 'tlb.host',
      run: () => {
        const seen = layout.shows('tlb');
        layout.show('tlb');
        if (seen) tlbActions.host();
        else tlbActions.host(true);
      },
    },
    {
      id: 'tlb.filter',
      run: () => void openPart('tlb', () => tlbActions.filter(), '[data-testid=tlb-filter] select'),
    },
  ],
};
