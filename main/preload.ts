/**
 * Puts `window.kseg` into the page: the bridge's functions, each on a channel of its own, and nothing of Electron.
 * Arguments are checked in the main process (messages.ts).
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { KsegBridge } from './bridge.ts';
import { type Answer, toMain, toPage } from './channels.ts';

type Method = Parameters<typeof toMain>[0];

function send(method: Method, value?: unknown): void {
  ipcRenderer.send(toMain(method), value);
}

async function ask<T>(method: Method, value?: unknown): Promise<T> {
  const answer = (await ipcRenderer.invoke(toMain(method), value)) as Answer<T>;
  if ('refused' in answer) throw new Error(answer.refused);
  return answer.value;
}

function subscribe<T>(event: Parameters<typeof toPage>[0], listener: (value: T) => void): () => void {
  const channel = toPage(event);
  const relay = (_event: unknown, value: T) => listener(value);
  ipcRenderer.on(channel, relay);
  return () => void ipcRenderer.removeListener(channel, relay);
}

const bridge: KsegBridge = {
  boot: (request) => send('boot', request),
  run: () => send('run'),
  pause: () => send('pause'),
  reset: () => send('reset'),
  step: (instructions) => send('step', instructions),
  runToAsidChange: () => send('runToAsidChange'),
  runToUserFlush: () => send('runToUserFlush'),
  input: (bytes) => send('input', bytes),
  watch: (request) => send('watch', request),
  pinTables: (pinned) => send('pinTables', pinned),
  debug: (command) => ask('debug', command),
  ackConsole: (bytes) => send('ackConsole', bytes),
  ackView: (sequence) => send('ackView', sequence),
  openKernel: () => ask('openKernel'),
  openDisk: () => ask('openDisk'),
  openDropped: (file) => ask('openDropped', webUtils.getPathForFile(file)),
  guests: () => ask('guests'),
  importGuests: () => ask('importGuests'),
  importDropped: (file) => ask('importDropped', webUtils.getPathForFile(file)),
  removeGuest: (id) => ask('removeGuest', id),
  configurations: () => ask('configurations'),
  saveConfiguration: (change) => ask('saveConfiguration', change),
  removeConfiguration: (id) => ask('removeConfiguration', id),
  restoreConfiguration: (id) => ask('restoreConfiguration', id),
  saveText: (name, text) => ask('saveText', { name, text }),
  copyText: (text) => send('copyText', text),
  zoom: (step) => send('zoom', step),
  theme: (native) => send('theme', native),
  timeline: (query) => ask('timeline', query),
  timelineEvents: (request) => ask('timelineEvents', request),
  exportTimeline: (request) => ask('exportTimeline', request),
  cancelTimelineExport: () => send('cancelTimelineExport'),
  recordTimeline: (on) => send('recordTimeline', on),
  versions: () => ask('versions'),
  ready: () => send('ready'),
  onBooted: (listener) => subscribe('booted', listener),
  onConsole: (listener) => subscribe('console', listener),
  onView: (listener) => subscribe('view', listener),
  onState: (listener) => subscribe('state', listener),
  onPhase: (listener) => subscribe('phase', listener),
  onError: (listener) => subscribe('error', listener),
  onCommand: (listener) => subscribe('command', listener),
  onTimelineExport: (listener) => subscribe('timelineExport', listener),
  onImporting: (listener) => subscribe('importing', listener),
};

contextBridge.exposeInMainWorld('kseg', bridge);
