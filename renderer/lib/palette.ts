/**
 * Tokens as colours a canvas can use. A canvas knows neither var() nor, cheaply, color-mix(): each colour is painted
 * once on a one-pixel canvas and read back, so that system colours of a high-contrast theme resolve too.
 */
import type { SegmentName } from '../../emulator/protocol.ts';
import { SEGMENT_HUE } from './layouts.ts';
import { theme } from './theme.svelte.ts';

let probe: CanvasRenderingContext2D | null = null;
let known = new Map<string, string>();
let knownRevision = -1;

/** A CSS colour as `#rrggbb`; `var(--token)` may stand anywhere in it. */
export function cssColor(css: string): string {
  if (theme.revision !== knownRevision) {
    known = new Map();
    knownRevision = theme.revision;
  }
  const hit = known.get(css);
  if (hit) return hit;
  probe ??= Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', {
    willReadFrequently: true,
  })!;
  const style = getComputedStyle(document.documentElement);
  const plain = css.replace(/var\((--[\w-]+)\)/g, (_, name: string) => style.getPropertyValue(name).trim());
  probe.clearRect(0, 0, 1, 1);
  probe.fillStyle = '#000';
  probe.fillStyle = plain.includes('var(') ? cssColor(plain) : plain;
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
  const resolved = '#' + [r, g, b].map((part) => part!.toString(16).padStart(2, '0')).join('');
  known.set(css, resolved);
  return resolved;
}

/** The colour of a token, named with its two dashes. */
export function token(name: string): string {
  return cssColor(`var(${name})`);
}

/** A segment's hue. */
export function hue(segment: SegmentName): string {
  return token(SEGMENT_HUE[segment]);
}

/** A segment's hue at one of the five shades of the folded strips. */
export function shade(segment: SegmentName, level: number): string {
  return cssColor(`color-mix(in oklab, var(${SEGMENT_HUE[segment]}) var(--shade-${level}), var(--cell-empty))`);
}

/** Sizes a canvas for the screen's pixels and returns a context that draws in CSS pixels, cleared. */
export function prepareCanvas(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext('2d')!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
