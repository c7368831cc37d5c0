/**
 * When a card shows: after 150 ms over a thing, at once when moving on to another, until the pointer has left both thing
 * and card, or Esc.
 */
const DELAY = 150;

/** Make it in a component's script: it ends with the component. */
export class Hover<T> {
  /** What the card is about; null: there is none. */
  target = $state.raw<T | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    $effect(() => {
      if (this.target === null) return;
      const escape = (event: KeyboardEvent): void => {
        if (event.key !== 'Escape') return;
        this.close();
        /* Esc is also the guest's key, where the console has the focus. */
        if (document.activeElement?.closest('.xterm')) return;
        event.preventDefault();
        event.stopPropagation();
      };
      window.addEventListener('keydown', escape, true);
      return () => window.removeEventListener('keydown', escape, true);
    });
    $effect(() => () => clearTimeout(this.#timer));
  }

  /** The pointer is over `thing`, or over nothing. */
  point(thing: T | null): void {
    clearTimeout(this.#timer);
    if (thing === null) this.leave();
    else if (this.target !== null) this.target = thing;
    else this.#timer = setTimeout(() => (this.target = thing), DELAY);
  }

  /** The pointer has left: the card stays long enough to be reached with it. */
  leave(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.target = null), DELAY);
  }

  /** The pointer is over the card. */
  keep(): void {
    clearTimeout(this.#timer);
  }

  /** Shows it at once, as the keyboard asks. */
  show(thing: T): void {
    clearTimeout(this.#timer);
    this.target = thing;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.target = null;
  }
}
