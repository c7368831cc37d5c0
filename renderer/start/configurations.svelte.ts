/** The user's boot configurations as the page knows them. */
import type { BootConfiguration, BootRequest } from '../../main/bridge.ts';
import { messages, sentence } from '../lib/messages.svelte.ts';

class ConfigurationsState {
  list = $state.raw<BootConfiguration[]>([]);
  /** What is wrong with files that are none. */
  problems = $state.raw<string[]>([]);
  /** The one deleted last, as long as that can be undone. */
  removed = $state.raw<{ id: string; name: string } | null>(null);

  find(id: string): BootConfiguration | undefined {
    return this.list.find((one) => one.id === id);
  }

  async refresh(): Promise<void> {
    await attempt(async () => {
      const { list, problems } = await window.kseg.configurations();
      this.list = list;
      this.problems = problems;
    });
  }

  /** @returns what was saved, or undefined when it was not and a message says why */
  async save(id: string | null, name: string, request: BootRequest): Promise<BootConfiguration | undefined> {
    const saved = await attempt(() => window.kseg.saveConfiguration({ id, name, request }));
    await this.refresh();
    return saved;
  }

  async duplicate(id: string): Promise<BootConfiguration | undefined> {
    const from = this.find(id);
    if (!from) return undefined;
    const taken = new Set(this.list.map(({ name }) => name));
    let name = `${from.name} copy`;
    for (let n = 2; taken.has(name); n++) name = `${from.name} copy ${n}`;
    return this.save(null, name, from.request);
  }

  /** @returns whether it is gone */
  async remove(id: string): Promise<boolean> {
    const name = this.find(id)?.name ?? id;
    const done = await attempt(() => window.kseg.removeConfiguration(id).then(() => true));
    if (done) this.removed = { id, name };
    await this.refresh();
    return done ?? false;
  }

  async undo(): Promise<void> {
    const { removed } = this;
    if (!removed) return;
    this.removed = null;
    await attempt(() => window.kseg.restoreConfiguration(removed.id));
    await this.refresh();
  }
}

async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    messages.error(sentence(thrown));
    return undefined;
  }
}

export const configurations = new ConfigurationsState();
