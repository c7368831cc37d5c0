/** Lanes by number, for sums over the categories of each. */
import { TIMELINE_CATEGORIES } from '../protocol.ts';

export const LANES = [...new Set(TIMELINE_CATEGORIES.map(({ lane }) => lane))];
/** A category's lane, as an index of LANES. */
export const LANE_OF = Uint8Array.from(TIMELINE_CATEGORIES, ({ lane }) => LANES.indexOf(lane));
