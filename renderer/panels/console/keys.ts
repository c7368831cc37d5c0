/**
 * Which keys the terminal leaves to the window. Everything is the guest's, Ctrl+C and Esc and Alt included, but F6
 * (the way out) and Ctrl+Shift (the workbench's shortcuts; Cmd on a Mac).
 */
export type ConsoleKey = 'guest' | 'window' | 'find' | 'copy' | 'paste';

type Keys = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey'>;

/** Whose key this is. */
export function classifyKey(event: Keys, mac: boolean): ConsoleKey {
  if (event.key === 'F6' && !event.ctrlKey && !event.altKey && !event.metaKey) return 'window';
  const workbench = mac ? event.metaKey : event.ctrlKey && event.shiftKey && !event.altKey;
  if (!workbench) return 'guest';
  switch (event.code) {
    case 'KeyF':
      return 'find';
    case 'KeyC':
      return 'copy';
    case 'KeyV':
      return 'paste';
    default:
      return 'window';
  }
}
