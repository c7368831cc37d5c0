/** Where the window goes: where it was, if a display is still there. */
import type { Bounds } from './settings.ts';

export const DEFAULT_SIZE = { width: 1400, height: 900 };
export const MINIMUM_SIZE = { width: 720, height: 480 };
/** Of the saved window, so much must lie on a display for it to count as there, in pixels. */
const GRIP = 120;

/**
 * @param saved from the settings, null at the first start
 * @param workAreas of the live displays, the primary one first; in the same pixels
 * @returns bounds that lie wholly inside one work area
 */
export function placeWindow(saved: Bounds | null, workAreas: readonly Bounds[]): Bounds {
  const primary = workAreas[0] ?? { x: 0, y: 0, ...DEFAULT_SIZE };
  if (saved) {
    const shared = workAreas.map((area) => overlap(saved, area));
    const most = shared.reduce((best, share, index) => (share > (shared[best] ?? 0) ? index : best), 0);
    const area = workAreas[most];
    if (area && (shared[most] ?? 0) >= GRIP * GRIP) return inside(saved, area);
  }
  const size = saved ?? DEFAULT_SIZE;
  const width = Math.min(size.width, primary.width);
  const height = Math.min(size.height, primary.height);
  return inside(
    {
      x: primary.x + Math.round((primary.width - width) / 2),
      y: primary.y + Math.round((primary.height - height) / 2),
      width,
      height,
    },
    primary,
  );
}

function inside(bounds: Bounds, area: Bounds): Bounds {
  const width = Math.min(Math.max(bounds.width, MINIMUM_SIZE.width), area.width);
  const height = Math.min(Math.max(bounds.height, MINIMUM_SIZE.height), area.height);
  return {
    x: Math.min(Math.max(bounds.x, area.x), area.x + area.width - width),
    y: Math.min(Math.max(bounds.y, area.y), area.y + area.height - height),
    width,
    height,
  };
}

/** Shared area in square pixels. */
function overlap(a: Bounds, b: Bounds): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}
