/** The sentence a user gets: an error's first line, with its full stop. */
export function sentence(error: unknown): string {
  const line = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]?.trim() || 'Unknown error';
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
