/** What is under the pointer or the keyboard, so that panels mark the same addresses without knowing each other. */
import type { TableName } from '../../emulator/protocol.ts';

const NONE: readonly number[] = [];

class Link {
  /** pgd slots; of the Timeline's event those that it touched. */
  slots = $state.raw(NONE);
  /** The table they are of; null for either. */
  table = $state.raw<TableName | null>(null);
  /** The Timeline points: it marks nothing for itself. */
  byEvent = $state(false);

  /** The slot that a panel other than the Timeline points at. */
  get slot(): number | null {
    return this.byEvent ? null : (this.slots[0] ?? null);
  }

  /** Points at a slot, of one table or of either. */
  point(slot: number, table: TableName | null = null): void {
    this.#set([slot], table, false);
  }

  /** An event is pointed at. */
  pointEvent(slots: readonly number[], table: TableName | null): void {
    this.#set(slots, table, true);
  }

  clear(): void {
    if (this.slots !== NONE) this.#set(NONE, null, false);
  }

  #set(slots: readonly number[], table: TableName | null, byEvent: boolean): void {
    const same = slots.length === 1 && this.slots.length === 1 && slots[0] === this.slots[0];
    if (!same) this.slots = slots;
    this.table = table;
    this.byEvent = byEvent;
  }

  /** The slots to mark in a table's strip: an event is of one table, other things are looked for in both. */
  inStrip(table: TableName): readonly number[] {
    return this.byEvent && this.table !== null && this.table !== table ? NONE : this.slots;
  }
}

export const link = new Link();
