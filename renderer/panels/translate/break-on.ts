/** The breakpoint that waits for what a story tells. */
import type { TranslationStory } from '../../../emulator/protocol.ts';
import { asid, hex } from '../../lib/format.ts';

/** A specification as the emulator takes it, or null where there is nothing to wait for. */
export function breakOn(story: TranslationStory): string | null {
  const { outcome, va } = story;
  switch (outcome.kind) {
    case 'exception': {
      const what = outcome.refill ? 'refill' : outcome.exception;
      const page = `BadVAddr >> 12 == ${hex(va >>> 12, 5)}`;
      return `exception:${what} if ${page} && asid == ${asid(story.asid)}`;
    }
    case 'memory':
      if (story.access === 'fetch') return `${hex(va & ~3)} if asid == ${asid(story.asid)}`;
      return `${story.access === 'store' ? 'write' : 'read'}:${hex(va)},1 if asid == ${asid(story.asid)}`;
    default:
      return null;
  }
}
