/** What a PanelFrame knows of the place it stands in: the panels that share it, for the tabs in its head. */
import { createContext } from 'svelte';

export interface PanelGroup {
  /** This panel is the one to be seen. */
  readonly visible: boolean;
  /** In the order of their tabs; one alone has none. */
  readonly tabs: readonly { id: string; title: string }[];
  /** Brings another one to the front. */
  choose(id: string): void;
}

export const [panelGroup, setPanelGroup] = createContext<PanelGroup>();
