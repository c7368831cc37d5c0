export interface Runtime {
  /** The runtime's directory. */
  dist: string;
  executable: string;
  version: string;
  /** Where it was found. */
  origin: string;
}
/** The runtime that is here already. */
export function findElectron(): Runtime | null;
/** The runtime, got if need be. */
export function electronRuntime(): Promise<Runtime>;
