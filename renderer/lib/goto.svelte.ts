/**
 * Going to an address from wherever it is seen: panels ask here and listen here, without knowing each other. Each wish
 * is a new object, so that the same one twice is two.
 */
import { layout } from './layout.svelte.ts';

class GoTo {
  /** For Translate. */
  translation = $state.raw<{ address: string; direction: 'virtual' | 'physical' } | null>(null);
  /** For CPU's listing and memory; `address` null follows PC. */
  code = $state.raw<{ address: string | null } | null>(null);
  memory = $state.raw<{ address: string; physical: boolean } | null>(null);

  translate(address: string, direction: 'virtual' | 'physical' = 'virtual'): void {
    this.translation = { address, direction };
    layout.show('translate');
  }

  showCode(address: string | null): void {
    this.code = { address };
    layout.show('cpu');
  }

  showMemory(address: string, physical = false): void {
    this.memory = { address, physical };
    layout.show('cpu');
  }
}

export const goTo = new GoTo();
