/** How well a command answers what was typed into the palette. */

const words = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}+]+/u)
    .filter(Boolean);

/**
 * Every word typed must begin a word of the command's name or explanation; names count for more, and so do their
 * beginning and whole words.
 *
 * @returns 0 (not at all) to 1
 */
export function score(name: string, search: string, about: readonly string[] = []): number {
  const typed = words(search);
  const ofName = words(name);
  const ofAbout = words(about.join(' '));
  let sum = 0;
  for (const word of typed) {
    const at = ofName.findIndex((other) => other.startsWith(word));
    const whole = ofName.includes(word) ? 0 : 0.05;
    if (at >= 0) sum += (at === 0 ? 1 : 0.9 - 0.01 * at) - whole;
    else if (ofAbout.some((other) => other.startsWith(word))) sum += 0.3;
    else return 0;
  }
  return typed.length === 0 ? 1 : sum / typed.length;
}
