/** What the panel's commands do. */
import { goTo } from '../../lib/goto.svelte.ts';

export const translateActions = {
  pc: () => goTo.translate('pc'),
};
