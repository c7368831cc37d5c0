/**
 * The user's boot configurations: one file each in a folder of the profile. Nothing of the user's is ever overwritten
 * unread or deleted: a file that cannot be read stays and is told of, one that is removed goes into a folder beside.
 */
import { mkdir, readFile, readdir, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { BootConfiguration, BootRequest, Configurations } from './bridge.ts';
import { formatConfiguration, parseConfiguration, type FileNumbers } from './configuration-file.ts';
import { sentence } from './errors.ts';

/** Longer than any configuration. */
const MAX_BYTES = 64 * 1024;
const REMOVED = 'removed';

export interface NameableFiles extends FileNumbers {
  name(id: number): string;
}

export class ConfigurationStore {
  /** Writes and removals, one after the other. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly folder: string,
    private readonly files: NameableFiles,
  ) {}

  /** Every configuration, by name, and what is wrong with those that cannot be used. */
  async list(): Promise<Configurations> {
    const names = await readdir(this.folder).catch((): string[] => []);
    const found: Configurations = { list: [], problems: [] };
    for (const file of names.filter((name) => name.endsWith('.json')).sort()) {
      try {
        found.list.push(await this.read(path.basename(file, '.json')));
      } catch (error) {
        found.problems.push(sentence(error));
      }
    }
    found.list.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
    return found;
  }

  /** @throws Error with one sentence; the file is then as it was */
  save(change: { id: string | null; name: string; request: BootRequest }): Promise<BootConfiguration> {
    return this.inTurn(async () => {
      await mkdir(this.folder, { recursive: true });
      const { list } = await this.list();
      if (list.some(({ id, name }) => id !== change.id && name === change.name)) {
        throw new Error(`There is a configuration ${change.name} already: choose another name.`);
      }
      const id = change.id ?? (await this.freeId(change.name));
      // What somebody has edited into something else is not overwritten.
      if (change.id !== null) await this.read(change.id);
      const file = this.path(id);
      const temporary = `${file}.${process.pid}.tmp`;
      await writeFile(temporary, formatConfiguration(change, this.files));
      await rename(temporary, file);
      return this.read(id);
    });
  }

  /** Moves the file into the folder `removed`, in place of an older one of that name. */
  remove(id: string): Promise<void> {
    return this.inTurn(async () => {
      await mkdir(path.join(this.folder, REMOVED), { recursive: true });
      await this.move(this.path(id), this.removedPath(id), id);
    });
  }

  /** Takes back the last removal of this id. */
  restore(id: string): Promise<void> {
    return this.inTurn(async () => {
      if (await exists(this.path(id))) throw new Error(`${id}.json is there already: nothing was brought back.`);
      await this.move(this.removedPath(id), this.path(id), id);
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work, work);
    this.last = done.catch(() => {});
    return done;
  }

  private async move(from: string, to: string, id: string): Promise<void> {
    await rename(from, to).catch(() => {
      throw new Error(`${id}.json cannot be moved: it is not there any more.`);
    });
  }

  private async read(id: string): Promise<BootConfiguration> {
    const file = this.path(id);
    let text: string;
    try {
      if ((await stat(file)).size > MAX_BYTES) throw new Error(`is larger than ${MAX_BYTES / 1024} KiB`);
      text = await readFile(file, 'utf8');
    } catch (error) {
      const why = 'code' in (error as object) ? 'it cannot be read' : (error as Error).message;
      throw new Error(`The configuration ${id}.json is left out: ${why}.`);
    }
    try {
      const { name, request } = parseConfiguration(text, this.files);
      return { id, name, request, files: this.namesOf(request) };
    } catch (error) {
      throw new Error(
        `The configuration ${id}.json is left out: ${(error as Error).message}; correct it or remove it.`,
      );
    }
  }

  private namesOf({ kernelId, initrdId, disks = [] }: BootRequest): Record<number, string> {
    const ids = [kernelId, initrdId, ...disks.map(({ fileId }) => fileId)].filter((id) => id !== undefined);
    return Object.fromEntries(ids.map((id) => [id, this.files.name(id)]));
  }

  /** A file name made of the configuration's, that no file has. */
  private async freeId(name: string): Promise<string> {
    const base =
      name
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]+/gu, '-')
        .replace(/^-+|-+$/g, '')
        .slice(0, 60) || 'configuration';
    for (let n = 1; ; n++) {
      const id = n === 1 ? base : `${base}-${n}`;
      if (!(await exists(this.path(id))) && !(await exists(this.removedPath(id)))) return id;
    }
  }

  private path(id: string): string {
    return path.join(this.folder, `${id}.json`);
  }
  private removedPath(id: string): string {
    return path.join(this.folder, REMOVED, `${id}.json`);
  }
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );
