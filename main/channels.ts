/** Names of the IPC channels between preload.ts and ipc.ts. */
import type { KsegBridge } from './bridge.ts';
import type { PageEvents } from './emulator-host.ts';

type Subscription = `on${Capitalize<keyof PageEvents | 'command'>}`;
type Method = Exclude<keyof KsegBridge, Subscription>;

export const toMain = <M extends Method>(method: M) => `kseg:${method}` as const;
export const toPage = (event: keyof PageEvents | 'command') => `kseg:on-${event}` as const;

/** What an invoked method answers: Electron would put its own words around a thrown error. */
export type Answer<T> = { value: T } | { refused: string };
