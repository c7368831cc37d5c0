/** The last boots, as text in localStorage: of a bundled guest or one of the library, with the settings they had. */
import { CPUS, HOST_GEOMETRIES, POLICIES } from '../../emulator/protocol.ts';
import type { BootRequest, DiskRequest } from '../../main/bridge.ts';

export interface Recent {
  label: string;
  request: BootRequest;
  /** When, in ISO 8601. */
  at: string;
}

const KEPT = 5;

/** A file opened by hand has a number only as long as the app runs, so such a boot is not kept. */
function lasts({ kernelId, initrdId, disks = [] }: BootRequest): boolean {
  return kernelId === undefined && initrdId === undefined && disks.every(({ fileId }) => fileId === undefined);
}

const sameRequest = (a: BootRequest, b: BootRequest): boolean => canonical(a) === canonical(b);
const canonical = (request: BootRequest): string =>
  JSON.stringify(Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The list with one boot more: newest first, each guest with its settings once, at most five. */
export function withRecent(list: readonly Recent[], recent: Recent): Recent[] {
  if (!lasts(recent.request)) return [...list];
  return [recent, ...list.filter(({ request }) => !sameRequest(request, recent.request))].slice(0, KEPT);
}

const oneOf = (known: readonly unknown[]) => (value: unknown) => known.includes(value);

const TYPES: Record<string, (value: unknown) => boolean> = {
  machine: (value) => value === 'kvm' || value === 'malta',
  bigEndian: (value) => typeof value === 'boolean',
  memoryMiB: Number.isInteger,
  tlbEntries: (value) => value === 16 || value === 32 || value === 64,
  commandLine: (value) => typeof value === 'string',
  seed: Number.isInteger,
  kernelGuest: (value) => typeof value === 'string',
  initrdGuest: (value) => typeof value === 'string',
  cpu: oneOf(CPUS),
  policy: oneOf(POLICIES),
  geometry: oneOf(HOST_GEOMETRIES),
  dynamicTranslation: (value) => typeof value === 'boolean',
  keepReplaced: (value) => typeof value === 'boolean',
  check: (value) => typeof value === 'boolean',
  nsPerInstruction: Number.isInteger,
  disks: (value) => Array.isArray(value) && value.every(isDisk),
};

function isDisk(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { guest, interface: at, writable } = value as Partial<DiskRequest>;
  return typeof guest === 'string' && (at === 'ide' || at === 'virtio') && typeof writable === 'boolean';
}

function isRecent(value: unknown): value is Recent {
  if (typeof value !== 'object' || value === null) return false;
  const { label, request, at } = value as Partial<Recent>;
  if (typeof label !== 'string' || typeof at !== 'string' || typeof request !== 'object' || request === null) {
    return false;
  }
  return Object.entries(request).every(([key, part]) => TYPES[key]?.(part) ?? false);
}

/** @param text what was kept; anything at all: what is not a boot is left out */
export function parseRecents(text: string | null): Recent[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.filter(isRecent).slice(0, KEPT) : [];
  } catch {
    return [];
  }
}
