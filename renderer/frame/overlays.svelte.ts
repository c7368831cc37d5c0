/** What stands over the workbench. */
class Overlays {
  palette = $state(false);
  about = $state(false);
}

export const overlays = new Overlays();
