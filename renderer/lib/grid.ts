/** The CSS grid of a layout's groups: areas, tracks and the splitters between them. */
import { LAYOUTS, type Area, type Group, type LayoutName } from './arrangement.ts';

/** Least sizes in CSS pixels. */
export const MIN_LEFT = 240;
export const MIN_RIGHT = 540;
/** A console of 80 columns, which guests take a serial terminal to have: 6 px each, and what stands round them. */
export const CONSOLE = 502;
export const MIN_TOP = 90;
export const MIN_LOW = 80;
export const MIN_BOTTOM = 64;
/** The bottom area's height until the user has moved its border, and its share of a low window. */
const BOTTOM = 192;
const BOTTOM_SHARE = 0.26;
/** A splitter's own width. */
const LINE = 1;

export interface GridInput {
  groups: readonly Group[];
  /** Of the whole frame. */
  width: number;
  height: number;
  layout: LayoutName;
  /** As in the arrangement, as the two heights. */
  leftShare: number | null;
  topHeight: number | null;
  bottomHeight: number | null;
  /** The top area's panel is as high as its content. */
  naturalTop: boolean;
}

export interface Grid {
  columns: string;
  rows: string;
  /** `grid-template-areas`. */
  areas: string;
  /** Each splitter's limits; `value` is null where only the drawing tells it. */
  splitters: Record<'left' | 'top' | 'bottom', { value: number | null; min: number; max: number } | null>;
}

const clamp = (value: number, min: number, max: number): number => Math.round(Math.max(min, Math.min(max, value)));

/** Splitters' grid areas are `x-left`, `x-top` and `x-bottom`. */
export function gridOf({
  groups,
  width,
  height,
  layout,
  leftShare,
  topHeight,
  bottomHeight,
  naturalTop,
}: GridInput): Grid {
  const has = (area: Area): boolean => groups.some((group) => group.area === area);
  const right = has('top') || has('low');
  const above = has('left') || right;
  const splitLeft = has('left') && right;
  const splitTop = has('top') && has('low');
  const splitBottom = has('bottom') && above;

  const maxLeft = Math.max(MIN_LEFT, width - MIN_RIGHT);
  const own = LAYOUTS.find(({ id }) => id === layout)!.leftShare;
  const left = clamp(leftShare === null ? Math.max(own * width, CONSOLE) : leftShare * width, MIN_LEFT, maxLeft);
  const leastAbove = splitTop ? MIN_TOP + LINE + MIN_LOW : MIN_TOP;
  const maxBottom = Math.max(MIN_BOTTOM, Math.min(height * 0.8, height - leastAbove - LINE));
  const bottom = clamp(bottomHeight ?? Math.min(BOTTOM, height * BOTTOM_SHARE), MIN_BOTTOM, maxBottom);
  const room = Math.max(MIN_TOP, height - (splitBottom ? bottom + LINE : 0) - LINE - MIN_LOW);

  const top = topHeight === null ? null : clamp(topHeight, MIN_TOP, room);
  const rows: [track: string, right: string][] = [];
  if (splitTop) {
    const track = top !== null ? `${top}px` : naturalTop ? `fit-content(${room}px)` : 'minmax(0, 3fr)';
    rows.push([track, 'top'], [`${LINE}px`, 'x-top'], ['minmax(0, 2fr)', 'low']);
  } else if (above) rows.push(['minmax(0, 1fr)', has('low') ? 'low' : right ? 'top' : 'left']);

  const across = (area: string): string => `"${splitLeft ? `${area} ${area} ${area}` : area}"`;
  const areas = rows.map(([, area]) => (splitLeft ? `"left x-left ${area}"` : `"${area}"`));
  const tracks = rows.map(([track]) => track);
  if (splitBottom) {
    areas.push(across('x-bottom'));
    tracks.push(`${LINE}px`);
  }
  if (has('bottom')) {
    areas.push(across('bottom'));
    tracks.push(above ? `${bottom}px` : 'minmax(0, 1fr)');
  }
  return {
    columns: splitLeft ? `${left}px ${LINE}px minmax(0, 1fr)` : 'minmax(0, 1fr)',
    rows: tracks.join(' '),
    areas: areas.join(' '),
    splitters: {
      left: splitLeft ? { value: left, min: MIN_LEFT, max: maxLeft } : null,
      top: splitTop ? { value: top, min: MIN_TOP, max: room } : null,
      bottom: splitBottom ? { value: height - bottom, min: height - maxBottom, max: height - MIN_BOTTOM } : null,
    },
  };
}
