/**
 * Going to an address from wherever it is seen: panels ask here and listen here, without knowing each other. Each wish
 * is a new object, so that the same one twice is two.
 */
import { layout } from './layout.svelte.ts';

/** Who looks at an address: null and `current` are the guest as it is when it is answered. */
interface Viewer {
  mode: 'current' | 'kernel' | 'user';
  asid: number | null;
}

interface TranslationWish extends Viewer {
  address: string;
  direction: 'virtual' | 'physical';
}

class GoTo {
  /** For Translate. */
  translation = $state.raw<TranslationWish | null>(null);
  /** For CPU's listing and memory; `address` null follows PC. */
  code = $state.raw<{ address: string | null } | null>(null);
  memory = $state.raw<{ address: string; physical: boolean } | null>(null);

  /** @param as which mode and ASID look, where the place it is seen at tells; else the guest's own of the moment */
  translate(address: string, as: Partial<Viewer> = {}): void {
    this.translation = { address, direction: 'virtual', mode: as.mode ?? 'current', asid: as.asid ?? null };
    layout.show('translate');
  }

  /** What reaches a guest physical address. */
  translateBack(address: string): void {
    this.translation = { address, direction: 'physical', mode: 'current', asid: null };
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
