/**
 * The workbench with an invented machine, for looking at it in a plain browser; not part of the application. Options
 * go in the address: `?machine=kvm|malta&state=running|paused|off&storm&every=3&library&theme=light|dark`.
 */
import { fakeBridge } from './fake-bridge.ts';

const query = new URLSearchParams(location.search);
localStorage.setItem('kseg.theme', query.get('theme') ?? 'dark');
window.kseg = fakeBridge({
  machine: query.get('machine') === 'malta' ? 'malta' : 'kvm',
  state: (query.get('state') ?? 'running') as 'running' | 'paused' | 'off',
  storm: query.has('storm'),
  every: Number(query.get('every') ?? 3),
  library: query.has('library'),
});
await import('../main.ts');
