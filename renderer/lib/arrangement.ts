/**
 * Which panel stands where: layouts as data. A layout has up to four areas,
 *
 *     left | top
 *          | low
 *     -----------
 *       bottom
 *
 * each with any number of panels as tabs. Pure functions, so that what is read from storage, what the window's size
 * folds and what the user moves are tested without a window.
 */

export const AREAS = ['left', 'top', 'low', 'bottom'] as const;
export type Area = (typeof AREAS)[number];

/** Named layouts of panels. The start page, which has the toolbar's first place, is a page of its own. */
export const LAYOUTS = [
  { id: 'mmu', label: 'MMU', title: 'Console, page tables, TLB and timeline', leftShare: 0.38 },
  { id: 'debug', label: 'Debug', title: 'Addresses, breakpoints, CPU and timeline', leftShare: 0.5 },
] as const;
export type LayoutName = (typeof LAYOUTS)[number]['id'];

export const isLayout = (name: unknown): name is LayoutName => LAYOUTS.some(({ id }) => id === name);

/** Where a panel goes by itself. */
export interface Placed {
  id: string;
  /** The area it opens in when a layout is asked for it that does not have it. */
  place: Area;
  /** The layouts that have it from the start, and where; absent: as `place`, in every layout. */
  layouts?: Partial<Record<LayoutName, Area>>;
}

/** One layout as it is, kept across starts. */
export interface Arrangement {
  /** Panels of each area, in the order of their tabs. */
  areas: Record<Area, string[]>;
  /** Panels closed by the user: they come back when asked for. */
  closed: string[];
  /** Panels as they were brought to the front, the last one first. */
  recent: string[];
  /** The left area's share of the width; null: the layout's own, and not less than the console wants. */
  leftShare: number | null;
  /** In CSS pixels; null: the panel's natural height, or a share. */
  topHeight: number | null;
  bottomHeight: number | null;
}

/** What the window's size makes of the areas. */
export type Form = 'wide' | 'tabs' | 'single';

/** Panels that share a place on the screen; one of them is in front. */
export interface Group {
  area: Area;
  panels: string[];
  front: string;
}

const areaAtFirst = (panel: Placed, layout: LayoutName): Area | undefined =>
  panel.layouts ? panel.layouts[layout] : panel.place;

/** A layout as it is before anybody has changed it. */
export function defaultArrangement(layout: LayoutName, panels: readonly Placed[]): Arrangement {
  const areas: Arrangement['areas'] = { left: [], top: [], low: [], bottom: [] };
  for (const panel of panels) {
    const area = areaAtFirst(panel, layout);
    if (area) areas[area].push(panel.id);
  }
  return { areas, closed: [], recent: [], leftShare: null, topHeight: null, bottomHeight: null };
}

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
const within = (value: unknown, from: number, to: number): number | null =>
  typeof value === 'number' && value >= from && value <= to ? value : null;

/**
 * What was saved, made good: panels that are no more are left out, each stands once, and one that is new since goes
 * where it goes by itself.
 *
 * @param saved anything at all
 */
export function restoreArrangement(saved: unknown, layout: LayoutName, panels: readonly Placed[]): Arrangement {
  const fresh = defaultArrangement(layout, panels);
  if (typeof saved !== 'object' || saved === null) return fresh;
  const { areas, closed, recent, leftShare, topHeight, bottomHeight } = saved as Partial<Record<string, unknown>>;
  const rest = new Set(panels.map(({ id }) => id));
  const take = (value: unknown): string[] => strings(value).filter((id) => rest.delete(id));
  const given = (typeof areas === 'object' && areas !== null ? areas : {}) as Partial<Record<Area, unknown>>;
  const restored: Arrangement = {
    areas: { left: take(given.left), top: take(given.top), low: take(given.low), bottom: take(given.bottom) },
    closed: take(closed),
    recent: strings(recent).filter((id) => panels.some((panel) => panel.id === id)),
    leftShare: within(leftShare, 0.1, 0.9),
    topHeight: within(topHeight, 40, 10_000),
    bottomHeight: within(bottomHeight, 40, 10_000),
  };
  for (const panel of panels) {
    const area = rest.has(panel.id) && areaAtFirst(panel, layout);
    if (area) restored.areas[area].push(panel.id);
  }
  return restored;
}

const without = (list: readonly string[], id: string): string[] => list.filter((item) => item !== id);

function taken({ areas }: Arrangement, id: string): Arrangement['areas'] {
  return {
    left: without(areas.left, id),
    top: without(areas.top, id),
    low: without(areas.low, id),
    bottom: without(areas.bottom, id),
  };
}

/** The area that has a panel, or undefined. */
export function areaOf({ areas }: Arrangement, id: string): Area | undefined {
  return AREAS.find((area) => areas[area].includes(id));
}

/** Brings a panel to the front of its area, into its default place if the layout does not have it. */
export function withShown(arrangement: Arrangement, panel: Placed): Arrangement {
  const recent = [panel.id, ...without(arrangement.recent, panel.id)];
  if (areaOf(arrangement, panel.id)) return { ...arrangement, recent };
  return { ...withMoved(arrangement, panel.id, panel.place), recent };
}

/** Puts a panel into another area, in front there. */
export function withMoved(arrangement: Arrangement, id: string, area: Area): Arrangement {
  const areas = taken(arrangement, id);
  return {
    ...arrangement,
    areas: { ...areas, [area]: [...areas[area], id] },
    closed: without(arrangement.closed, id),
    recent: [id, ...without(arrangement.recent, id)],
  };
}

export function withClosed(arrangement: Arrangement, id: string): Arrangement {
  return {
    ...arrangement,
    areas: taken(arrangement, id),
    closed: [...without(arrangement.closed, id), id],
    recent: without(arrangement.recent, id),
  };
}

/**
 * What stands on the screen. `tabs`, a narrow window: left and top share one place. `single`, one that is low as well:
 * all do.
 */
export function groupsOf({ areas, recent }: Arrangement, form: Form): Group[] {
  const { left, top, low, bottom } = areas;
  const parts: [Area, string[]][] =
    form === 'wide'
      ? [
          ['left', left],
          ['top', top],
          ['low', low],
          ['bottom', bottom],
        ]
      : form === 'tabs'
        ? [
            ['top', [...left, ...top]],
            ['low', low],
            ['bottom', bottom],
          ]
        : [['top', [...left, ...top, ...low, ...bottom]]];
  return parts
    .filter(([, ids]) => ids.length > 0)
    .map(([area, ids]) => ({ area, panels: ids, front: recent.find((id) => ids.includes(id)) ?? ids[0]! }));
}
