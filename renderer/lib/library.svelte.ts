/** The guest library as the page knows it, and what can be done with it. */
import type { GuestEntry, KsegBridge } from '../../main/bridge.ts';
import { messages, sentence } from './messages.svelte.ts';

class Library {
  /** Newest first. */
  entries = $state.raw<GuestEntry[]>([]);
  /** The file being imported. */
  importing = $state<string | null>(null);

  readonly kernels = $derived(this.entries.filter(({ kind }) => kind === 'kernel'));
  /** What a kernel can be given as its initial RAM disk. */
  readonly initrds = $derived(this.entries.filter(({ kind }) => kind === 'initramfs' || kind === 'busybox'));

  #kseg: KsegBridge | null = null;

  /** Call once. Returns a function that ends the subscription. */
  connect(kseg: KsegBridge): () => void {
    this.#kseg = kseg;
    void this.refresh();
    return kseg.onImporting((name) => (this.importing = name));
  }

  /** The list anew: the command may have changed it meanwhile. */
  async refresh(): Promise<void> {
    await this.#try(async (kseg) => (this.entries = await kseg.guests()));
  }

  /** Native dialog; what was imported, or nothing. */
  async choose(): Promise<GuestEntry[]> {
    const imported = await this.#try((kseg) => kseg.importGuests());
    await this.refresh();
    return imported ?? [];
  }

  async drop(files: readonly File[]): Promise<GuestEntry[]> {
    const imported: GuestEntry[] = [];
    for (const file of files) {
      const entry = await this.#try((kseg) => kseg.importDropped(file));
      if (entry) imported.push(entry);
    }
    await this.refresh();
    return imported;
  }

  async remove(id: string): Promise<void> {
    await this.#try((kseg) => kseg.removeGuest(id));
    await this.refresh();
  }

  async #try<T>(ask: (kseg: KsegBridge) => Promise<T>): Promise<T | undefined> {
    try {
      return await ask(this.#kseg!);
    } catch (thrown) {
      messages.error(sentence(thrown));
      return undefined;
    }
  }
}

export const library = new Library();
