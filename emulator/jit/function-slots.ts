/** The functions of a mode, by the numbers that the code map has for them. */

/** Slots that are emptied at a time; each takes about a microsecond. */
const MOST_EMPTIED = 512;

export class FunctionSlots {
  readonly table: WebAssembly.Table;
  /** Slots without functions; slot 0 is none, as it would look like no entry. */
  readonly free: number[];
  /** Slots that nothing leads to any more, with functions still. */
  readonly left: number[] = [];

  /** @param functions one more than there is room for */
  constructor(functions: number) {
    this.table = new WebAssembly.Table({ element: 'anyfunc', initial: functions });
    this.free = Array.from({ length: functions - 1 }, (_, i) => functions - 1 - i);
  }

  /** How many functions there are. */
  get used(): number {
    return this.table.length - 1 - this.free.length - this.left.length;
  }
  hasRoom(functions: number): boolean {
    while (this.free.length < functions && this.left.length > 0) this.emptySome();
    return this.free.length >= functions;
  }
  /** Gives a function a slot; there must be room. */
  add(call: CallableFunction): number {
    const slot = this.free.pop()!;
    this.table.set(slot, call);
    return slot;
  }
  remove(slot: number): void {
    this.table.set(slot, null);
    this.free.push(slot);
  }
  /** As {@link remove}, for a slot that nothing leads to any more, some time later. */
  leave(slot: number): void {
    this.left.push(slot);
  }
  /** Empties some of the slots that were left. */
  emptySome(): void {
    for (const slot of this.left.splice(-MOST_EMPTIED)) this.remove(slot);
  }
}
