/** What the panel's commands do. */
import { layout } from '../../lib/layout.svelte.ts';
import { machine } from '../../lib/machine.svelte.ts';

export const segmentsActions = {
  /** Set while the panel is there. */
  thaw: (): void => {},
  /** Pins both tables as they are now, or lets go of what is pinned; shows the panel, which has to tell. */
  pin: (): void => {
    layout.show('segments');
    segmentsActions.thaw();
    window.kseg.pinTables(machine.difference === null);
  },
};
