/** Where things lie at run time. Everything is below dist/, which in the packaged app is inside app.asar. */
import path from 'node:path';

// This file is bundled into dist/main/main.js.
const DIST = path.resolve(import.meta.dirname, '..');

export const PRELOAD = path.join(DIST, 'preload/preload.cjs');
export const RENDERER = path.join(DIST, 'renderer');
export const WORKER = path.join(DIST, 'emulator/worker.js');
export const IMPORT_WORKER = path.join(DIST, 'main/import-worker.js');
export const RESOURCES = path.join(DIST, 'resources');
export const ICON = path.join(DIST, 'resources/icons/256x256.png');
