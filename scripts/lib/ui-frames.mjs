/** Frames of the window while guests work, and memory after a guest that has done nothing but make processes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { table } from './bench-report.mjs';

const LAB = 'lab$ ';
const LINUX = '/ # ';
/** Not for ever: nothing can stop a shell that has no controlling terminal. */
const FORKS = 'i=0; while [ $i -lt 500 ]; do /bin/true; i=$((i+1)); done';
const COLUMNS = ['frames/s', 'longest frame, ms', 'long tasks', 'longest task, ms'];

const row = (name, { perSecond, longestFrame, longTasks, longestTask }) => [
  name,
  perSecond.toFixed(1),
  longestFrame.toFixed(0),
  String(longTasks),
  longestTask.toFixed(0),
];

/** A boot configuration of Debian's kernel in the app's profile. @returns its request, for App.boot */
async function debianRequest(app, { kernel, initrd }) {
  const folder = path.join(app.profile, 'configurations');
  mkdirSync(folder, { recursive: true });
  const configuration = {
    format: 1,
    name: 'Debian',
    kernel: { file: kernel },
    initrd: { file: initrd },
    machine: 'malta',
    memoryMiB: 256,
    commandLine: 'console=ttyS0',
  };
  writeFileSync(path.join(folder, 'debian.json'), JSON.stringify(configuration));
  return app.page.evaluate(async () => (await window.kseg.configurations()).list[0].request);
}

/** @param {{ kernel: string, initrd: string } | null} debian @returns the figures, and the `text` to print */
export async function frames(app, debian, { quick }) {
  const figures = {};
  await app.boot({ machine: 'kvm' });
  await app.printed(LAB);
  figures['Lab, at its prompt'] = await app.frames(() => new Promise((resolve) => setTimeout(resolve, 2000)));
  figures['Lab, pingpong'] = await app.frames(() => app.commands([`pingpong ${quick ? 20_000 : 200_000}`], LAB));
  if (debian) {
    const request = await debianRequest(app, debian);
    figures['Debian, booting'] = await app.frames(async () => {
      await app.boot(request);
      await app.printed(LINUX);
    });
  }
  const rows = Object.entries(figures).map(([name, of]) => row(name, of));
  return { figures, text: table([['frames, MMU layout', ...COLUMNS], ...rows]) };
}

/** Memory of app and page, before and after `minutes` of processes made and ended under Debian, booted by then. */
export async function forkLoop(app, minutes) {
  const before = await app.memory();
  const end = Date.now() + minutes * 60_000;
  while (Date.now() < end) await app.commands([FORKS], LINUX);
  const after = await app.memory();
  return { before, after, text: memoryTable({ 'Debian booted': before, [`${minutes} min of forks`]: after }) };
}

/** @param {Record<string, Awaited<ReturnType<import('./ui-app.mjs').App['memory']>>>} moments */
export function memoryTable(moments) {
  const columns = ['page', 'page, heap', 'main', 'main, heap'];
  const rows = Object.entries(moments).map(([name, memory]) => [
    name,
    ...[memory.renderer, memory.rendererHeap, memory.browser, memory.mainHeap].map((mib) => mib.toFixed(0)),
  ]);
  return table([['memory, MiB', ...columns], ...rows]);
}
