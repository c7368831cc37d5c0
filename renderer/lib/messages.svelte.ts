/** What the workbench has to tell: one sentence at a time, never modal, until it is dismissed. */
export interface Message {
  id: number;
  text: string;
  /** How often the same sentence came in a row. */
  times: number;
}

class Messages {
  list = $state.raw<Message[]>([]);
  #nextId = 1;

  /** Shows an error; the same one again only counts up. */
  error(text: string): void {
    const last = this.list.at(-1);
    if (last?.text === text) {
      this.list = [...this.list.slice(0, -1), { ...last, times: last.times + 1 }];
      return;
    }
    this.list = [...this.list.slice(-2), { id: this.#nextId++, text, times: 1 }];
  }

  dismiss(id: number): void {
    this.list = this.list.filter((message) => message.id !== id);
  }
}

export const messages = new Messages();

/** The sentence of whatever was thrown; Electron's prefix of a rejected call is of no use to anyone. */
export function sentence(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.replace(/^Error invoking remote method '[^']*': (Error: )?/, '');
}
