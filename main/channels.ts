/** Names of the IPC channels between preload.ts and ipc.ts. */
import type { CommandId, KsegBridge } from './bridge.ts';
import type { PageEvents } from './emulator-host.ts';

/** Events for the page: the emulator's, and those of the window. */
export interface BridgeEvents extends PageEvents {
  command: CommandId;
  importing: string | null;
}

type Subscription = `on${Capitalize<keyof BridgeEvents>}`;
type Method = Exclude<keyof KsegBridge, Subscription>;

export const toMain = <M extends Method>(method: M) => `kseg:${method}` as const;
export const toPage = (event: keyof BridgeEvents) => `kseg:on-${event}` as const;

/** What an invoked method answers: Electron would put its own words around a thrown error. */
export type Answer<T> = { value: T } | { refused: string };
