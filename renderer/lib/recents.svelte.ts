/** The last boots, kept in localStorage. */
import type { BootRequest } from '../../main/bridge.ts';
import { parseRecents, withRecent, type Recent } from './recents.ts';

const KEY = 'kseg.recent';

class Recents {
  list = $state.raw<Recent[]>(parseRecents(localStorage.getItem(KEY)));

  add({ label, request }: { label: string; request: BootRequest }): void {
    this.list = withRecent(this.list, { label, request, at: new Date().toISOString() });
    localStorage.setItem(KEY, JSON.stringify(this.list));
  }
}

export const recents = new Recents();
