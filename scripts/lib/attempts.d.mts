export function within<T>(seconds: number, what: string, promise: Promise<T>): Promise<T>;
export function eachScene<
  Scene extends { name: string; fresh?: boolean },
  App extends { stop: () => Promise<void>; kill: () => void },
>(
  scenes: readonly Scene[],
  openApp: () => Promise<App>,
  work: (scene: Scene, app: App) => Promise<void>,
  say: (line: string) => void,
): Promise<string[]>;
