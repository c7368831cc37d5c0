/** The command line: `kseg [KERNEL]`. */
import path from 'node:path';

/**
 * The kernel's absolute path, or null. Flags belong to Chromium and are not ours to judge; so is the `-r module` and
 * the application's own path that a development start puts in front.
 * @param argv as the process got it, its executable first
 */
export function kernelArgument(argv: readonly string[], cwd: string, appPath: string): string | null {
  for (let index = 1; index < argv.length; index++) {
    const argument = argv[index]!;
    if (argument === '-r' || argument === '--require') {
      index++;
    } else if (!argument.startsWith('-') && argument !== '') {
      const file = path.resolve(cwd, argument);
      if (file !== appPath) return file;
    }
  }
  return null;
}
