/** The last boots whose guests are still there, with their settings. */
import { library } from '../lib/library.svelte.ts';
import { recents } from '../lib/recents.svelte.ts';
import { choiceOf, settingsOf } from './settings.ts';

class RecentBoots {
  readonly list = $derived(
    recents.list.flatMap((boot) => {
      const choice = choiceOf(boot.request, library.kernels);
      if (!choice) return [];
      return [{ ...boot, choice, settings: settingsOf(boot.request, choice), key: `recent:${boot.at}` }];
    }),
  );
}

export const recentBoots = new RecentBoots();
