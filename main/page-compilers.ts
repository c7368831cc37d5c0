/**
 * How many of V8's compilers run beside the page at once.
 *
 * Chromium gives a page three threads for such work on a computer with two or three cores. A compiler whose heap is full
 * keeps its thread until the page's main thread has collected garbage; and when the page uses a font for the first time,
 * on Linux, its main thread waits for an answer (FontServiceThread::MatchFamilyName) that one of the three must fetch.
 * With a compiler on each of them both wait for ever: the window stays as it is, most often from its first frames on. So
 * there is always a thread that no compiler has.
 */
import type { CommandLine } from 'electron';

const SWITCH = 'js-flags';
/** Sparkplug in the main thread, which it hardly delays, and one thread each for Maglev and Turbofan. */
const FLAGS = '--no-concurrent-sparkplug --concurrent-maglev-max-threads=1 --concurrent-turbofan-max-threads=1';

/** For pages that start from now on; what the command line says besides stays. */
export function limitPageCompilers(commandLine: CommandLine): void {
  commandLine.appendSwitch(SWITCH, `${commandLine.getSwitchValue(SWITCH)} ${FLAGS}`.trim());
}
