/** The real app for measurements: started in a profile of its own, its guest driven through the page's bridge. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { _electron } from 'playwright';
import { Problem, ROOT, isLinux } from './run.mjs';
import { threadSeconds, used } from './threads.mjs';

const LONGEST_MS = 1_800_000;
const VIRTUAL_DISPLAY = '-screen 0 1600x1000x24';

/** Runs this very script again in a display of its own where there is none, and ends with it. */
export function ensureDisplay() {
  if (!isLinux || process.env.DISPLAY || process.env.WAYLAND_DISPLAY) return;
  if (!existsSync('/usr/bin/xvfb-run')) {
    throw new Problem('The app needs a display: sudo apt-get install xvfb xauth');
  }
  const args = ['-a', '-s', VIRTUAL_DISPLAY, process.execPath, ...process.argv.slice(1)];
  process.exit(spawnSync('xvfb-run', args, { stdio: 'inherit' }).status ?? 1);
}

/** What the page is given: the console's newest text, and the times between its frames. */
function instrument() {
  const decoder = new TextDecoder('latin1');
  const probe = { text: '', bytes: 0, wake: () => {}, frames: [], tasks: [], sampling: false };
  window.probe = probe;
  window.kseg.onConsole((bytes) => {
    probe.bytes += bytes.length;
    // Busybox's shell asks the terminal where its cursor is.
    probe.text = (probe.text + decoder.decode(bytes)).replaceAll('\x1b[6n', '').slice(-4096);
    probe.wake();
  });
  probe.printed = async (text) => {
    while (!probe.text.endsWith(text)) await new Promise((resolve) => (probe.wake = resolve));
    return performance.now();
  };
  probe.standStill = () =>
    new Promise((resolve) => {
      let paused = false;
      const ends = [
        window.kseg.onState(({ state }) => (paused = state === 'paused' || state === 'ended')),
        window.kseg.onView((view) => {
          if (!paused) return;
          for (const end of ends) end();
          resolve(view);
        }),
      ];
      window.kseg.run();
      window.kseg.pause();
    });
  new PerformanceObserver((list) => {
    if (probe.sampling) probe.tasks.push(...list.getEntries().map(({ duration }) => duration));
  }).observe({ type: 'longtask' });
  probe.sample = () => {
    probe.frames = [];
    probe.tasks = [];
    probe.sampling = true;
    let last = performance.now();
    const frame = (now) => {
      if (!probe.sampling) return;
      probe.frames.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  };
}

export class App {
  /** @param {{ dist: string }} runtime an Electron runtime; see electron-runtime.mjs */
  static async start({ dist }) {
    const profile = mkdtempSync(path.join(os.tmpdir(), 'kseg-ui-'));
    process.env.ELECTRON_OVERRIDE_DIST_PATH = dist;
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const electron = await _electron.launch({
      args: ['--disable-gpu', ...sandbox, ROOT],
      cwd: ROOT,
      env: { ...process.env, KSEG_USER_DATA: profile, KSEG_GUESTS: path.join(profile, 'guests') },
    });
    const app = new App();
    Object.assign(app, { electron, profile, pid: electron.process().pid });
    app.kill = () => electron.process().kill('SIGKILL');
    process.once('exit', app.kill);
    app.page = await electron.firstWindow();
    app.page.setDefaultTimeout(LONGEST_MS);
    await app.page.waitForLoadState();
    await app.resize(1440, 900);
    await app.page.evaluate(instrument);
    return app;
  }

  async stop() {
    process.off('exit', this.kill);
    await this.electron.close();
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  resize(width, height) {
    return this.electron.evaluate(
      ({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0].setContentSize(...size),
      [width, height],
    );
  }

  /** Loads the page anew; the guest goes on meanwhile. */
  async reload() {
    await this.page.reload();
    await this.page.waitForLoadState();
    await this.page.evaluate(instrument);
  }

  /** @param {boolean} visible whether the window is on the screen */
  async show(visible) {
    await this.electron.evaluate(({ BrowserWindow }, on) => {
      const window = BrowserWindow.getAllWindows()[0];
      if (on) window.show();
      else window.hide();
    }, visible);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }

  async layout(name) {
    await this.page.getByTestId(`layout-${name}`).click();
  }

  /** Boots as a request of the page's does, `{ machine: 'kvm' }` say; returns at once. */
  async boot(request) {
    await this.page.evaluate((wanted) => {
      window.probe.text = '';
      window.kseg.boot(wanted);
    }, request);
  }

  /** Waits until the newest text on the console ends in `text`. @returns {Promise<number>} when, on the page's clock */
  printed(text) {
    return this.page.evaluate((wanted) => window.probe.printed(wanted), text);
  }

  type(text) {
    return this.page.evaluate((keys) => {
      window.probe.text = '';
      window.kseg.input(new TextEncoder().encode(keys));
    }, text);
  }

  /** Runs commands to the next prompt of each. */
  async commands(lines, prompt) {
    for (const line of lines) {
      await this.type(`${line}\r`);
      await this.printed(prompt);
    }
  }

  /** Pauses the guest. @returns {Promise<import('../../emulator/protocol.ts').ViewUpdate>} of the paused machine */
  standStill() {
    return this.page.evaluate(() => window.probe.standStill());
  }

  /**
   * Runs commands, the guest paused before and after, so that its counters and its thread's CPU time are of just these.
   * @returns {Promise<{ instructions: number, seconds: number, cpu: number | null }>} wall and CPU seconds
   */
  async timed(lines, prompt) {
    const before = await this.standStill();
    const threads = threadSeconds(this.pid);
    const seconds = await this.page.evaluate(
      async ([commands, end]) => {
        const start = performance.now();
        window.kseg.run();
        for (const line of commands) {
          window.probe.text = '';
          window.kseg.input(new TextEncoder().encode(`${line}\r`));
          await window.probe.printed(end);
        }
        return (performance.now() - start) / 1000;
      },
      [lines, prompt],
    );
    const { instructions } = await this.standStill();
    const cpu = used(threads, threadSeconds(this.pid)).busiest;
    await this.page.evaluate(() => window.kseg.run());
    return { instructions: instructions - before.instructions, seconds, cpu };
  }

  /** Samples frames while `work` lasts. @returns frames a second, the longest frame and task in ms */
  async frames(work) {
    await this.page.evaluate(() => window.probe.sample());
    await work();
    const { frames, tasks } = await this.page.evaluate(() => {
      window.probe.sampling = false;
      return { frames: window.probe.frames, tasks: window.probe.tasks };
    });
    const total = frames.reduce((sum, ms) => sum + ms, 0);
    return {
      perSecond: (frames.length / total) * 1000,
      longestFrame: Math.max(0, ...frames),
      longTasks: tasks.length,
      longestTask: Math.max(0, ...tasks),
    };
  }

  /** MiB in use: of the page's process and the main one (working sets), and of the page's JavaScript heap. */
  async memory() {
    const metrics = await this.electron.evaluate(({ app }) =>
      app.getAppMetrics().map(({ type, memory }) => ({ type, kib: memory.workingSetSize })),
    );
    const mib = (type) => (metrics.find((process) => process.type === type)?.kib ?? 0) / 1024;
    const main = await this.electron.evaluate(() => {
      const { heapUsed, external } = process.memoryUsage();
      return (heapUsed + external) / 2 ** 20;
    });
    const heap = await this.page.evaluate(() => (performance.memory?.usedJSHeapSize ?? 0) / 2 ** 20);
    return { renderer: mib('Tab'), browser: mib('Browser'), rendererHeap: heap, mainHeap: main };
  }
}
