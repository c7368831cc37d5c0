/** What stands over the workbench. */
class Overlays {
  palette = $state(false);
  about = $state(false);
  /** The manual's page that is open. */
  manual = $state<string | null>(null);
}

export const overlays = new Overlays();
