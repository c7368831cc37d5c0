/** What the menu can ask of the panel; set while the panel is there. */
import type { TimelineFormat } from '../../../emulator/protocol.ts';

export const timelineActions = {
  export: (_format: TimelineFormat): void => {},
  filter: (): void => {},
  list: (): void => {},
};
