/** Paths inside archives. They are names to look up and to show, never paths of the host's. */
import { LoadError } from '../boot/elf.ts';

const MAX_PATH = 4096;

/**
 * The path without `./`, doubled and trailing slashes; the archive's root is the empty string.
 * @throws LoadError for a path that leaves the archive's root
 */
export function archivePath(archive: string, path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.length > MAX_PATH || path.includes('\0') || parts.includes('..')) {
    throw new LoadError(
      `${archive}: holds the unsafe path ${JSON.stringify(path.slice(0, 80))}; do not use this file.`,
    );
  }
  return parts.join('/');
}
