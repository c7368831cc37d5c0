import asidChange from '../../docs/pictures/asid-change.png';
import boot from '../../docs/pictures/boot.png';
import linux from '../../docs/pictures/linux.png';
import timeline from '../../docs/pictures/timeline.png';
import translate from '../../docs/pictures/translate.png';

/** The manual's own pages; those on panels come from the panels, the list of keys from the commands. */
export interface Page {
  id: string;
  title: string;
  paragraphs: readonly string[];
}

/** Of the app as it was built, made by `npm run screenshots -- --docs`; 1440 by 900 pixels. */
export interface Picture {
  file: string;
  /** For those who do not see it, and its caption. */
  alt: string;
}

export const PICTURES: Readonly<Record<string, Picture>> = {
  first: {
    file: asidChange,
    alt: 'Right after a change of ASID: in the kernel table the tables of useg and kseg2/3 are hatched, freed; kseg0 is kept; the user table has a dashed frame, stale; the Timeline below has the changes before it.',
  },
  boot: {
    file: boot,
    alt: 'The boot layout: saved configurations at the left, two of them compared phase by phase; at the right the machine that the chosen one gets.',
  },
  'panel-segments': {
    file: linux,
    alt: 'Debian’s kernel on the malta machine at a change of ASID: kseg0 has eleven thousand pages and keeps them, kseg1 has none and says why.',
  },
  'panel-translate': {
    file: translate,
    alt: 'Translate tells why an address misses: the guest TLB has the page under other ASIDs only, underlined; the user table’s entry is stale; what happens next is a refill exception.',
  },
  'panel-timeline': {
    file: timeline,
    alt: 'The Timeline with its filter open, one change of ASID selected, and the events on the screen as a list.',
  },
};

export const FIRST: Page = {
  id: 'first',
  title: 'What this shows',
  paragraphs: [
    'A MIPS guest runs under a hypervisor that works as KVM does: guest kernel and guest user both run with user privileges, and what needs more traps. To run fast, the hypervisor keeps two page tables of the guest’s virtual addresses, one for guest kernel mode and one for guest user mode. They are caches of the guest’s TLB, and they know no ASID. So when the guest changes its ASID, some of them must go.',
    'What goes, and when: of the kernel table the segments that the TLB maps, useg and kseg2/3, at once; kseg0 stays, since no TLB entry maps it. The user table stays as it is, stale, until user mode is entered under another ASID. The workbench shows each of these as it happens.',
    'The Lab, which boots at the first start, has a shell. Type “help” for its commands; “pingpong 100” has two processes pass a byte to and fro, which changes the ASID twice each time.',
  ],
};

export const BOOT: Page = {
  id: 'boot',
  title: 'Boot configurations',
  paragraphs: [
    'A configuration is a guest and the machine it gets, under a name: memory, TLB entries, command line, initial RAM disk, disks, CPU, flush policy, host CPUs and how often the guest moves between them, host page tables, dynamic translation, replaced TLB entries, checker, seed. Choose a row, change what you like at the right, give it a name and save it. Each is a JSON file in the folder “configurations” of the profile, to be read, edited and shared; one that is deleted goes into the folder “removed” there.',
    'Where Electron’s V8 can (its versions 11 to 13), what has been translated of a guest is kept for its next boot, which is quicker and counts the same, in the folder “translations” of the profile: a file for each guest, of those booted last. Whoever deletes one only has it made again.',
    'Compare boots two of them one after the other and sets what each counted beside the other, phase by phase. A boot with the same settings and seed counts the same every time, so a difference comes from what you changed.',
    'Flush policies: lazy-user is what KVM does; eager flushes both tables at once; everything takes kseg0 too; tagged keeps a user table for each ASID; never flushes nothing, which is wrong on purpose, and the checker shows the stale translations it causes.',
    'On malta replaced TLB entries can be kept: pages of an entry that TLBWR replaces stay in the tables for as long as the guest cannot tell, as in QEMU. The Segments then show more pages than the TLB has, and a guest that needs more than its TLB takes far fewer refills.',
  ],
};

export const READING: Page = {
  id: 'reading',
  title: 'How to read the pictures',
  paragraphs: [
    'Segments have a hue, a name and a line: useg solid, kseg0 long dashes, kseg2/3 short dashes, kseg1 dots; the same everywhere. A cell’s shade is how many pages it has, in five steps; the number is in the card under the pointer, and in what a screen reader says.',
    'Freed: diagonal hatch and a bracket with counts. Kept: a bracket with a tick. Stale, to be flushed at the next entry to user mode: a dashed frame. Pages: an outline is read-only, half is writable, full is dirty, crossed is the commpage.',
    'In the TLB a dot is an entry that matches the current ASID, a ring one of another ASID, Δ one that has changed, ‼ a duplicate.',
  ],
};

export const WINDOW: Page = {
  id: 'window',
  title: 'Layouts and panels',
  paragraphs: [
    'Boot, MMU and Debug are layouts. Borders can be dragged, or moved with the arrow keys when they have the focus; a double click puts one back. Every panel can be shown in every layout, closed and moved; Reset Layout puts the open layout back as it was at first. Below 1,000 pixels of width Console and Segments share a place as tabs.',
    'The console keeps all of its keys for the guest, Ctrl+C and Esc included; F6 leaves it. The workbench’s own shortcuts have Shift in them for that reason.',
  ],
};
