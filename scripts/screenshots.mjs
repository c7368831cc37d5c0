/**
 * Pictures of the app as it is: `npm run screenshots`, into screenshots/, each scene in each theme and size.
 *
 *     --only NAME   a scene, may be repeated; `--list` names them
 *     --theme T     light, dark or contrast, may be repeated
 *     --size WxH    the page's size in CSS pixels, may be repeated; 1440x900 and 1100x720 without
 *     --docs        the pictures of the README and the manual anew, into docs/pictures/
 *
 * The app is the build in dist/, with a profile of its own, on a display of its own (Xvfb) where there is one to be had.
 * Scenes with Debian are left out where `npm run guests` has not been. A scene that fails twice, or takes too long, is
 * named at the end, and the others go on without it.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { _electron } from 'playwright';
import { electronRuntime } from './electron-runtime.mjs';
import { eachScene, within } from './lib/attempts.mjs';
import { recompress } from './lib/png.mjs';
import { Problem, ROOT, endOnSignals, fail, parseOptions } from './lib/run.mjs';
import { DOCS, SCENES } from './lib/scenes.mjs';

const THEMES = ['dark', 'light', 'contrast'];
const SIZES = ['1440x900', '1100x720'];
/** What a README can carry, in bytes. */
const DOCS_LIMIT = 250_000;

/** @typedef {{ scene: string, theme: string, size: string, file: string }} Picture */

/** @returns {Picture[]} */
function wanted() {
  const values = parseOptions({
    only: { type: 'string', multiple: true },
    theme: { type: 'string', multiple: true },
    size: { type: 'string', multiple: true },
    docs: { type: 'boolean' },
    list: { type: 'boolean' },
  });
  const names = SCENES.map(({ name }) => name);
  const one = (kind, known, value) => {
    if (!known.includes(value)) throw new Problem(`There is no ${kind} ${value}: it is one of ${known.join(', ')}.`);
  };
  values.only?.forEach((name) => one('scene', names, name));
  values.theme?.forEach((theme) => one('theme', THEMES, theme));
  const bad = values.size?.find((size) => !/^\d{3,4}x\d{3,4}$/.test(size));
  if (bad) throw new Problem(`A size is as 1440x900, not ${bad}.`);
  if (values.list) {
    for (const { name, about } of SCENES) console.log(`${name.padEnd(18)}${about}`);
    return [];
  }
  const scenes = values.only ?? names;
  if (values.docs) {
    return DOCS.filter(({ scene }) => scenes.includes(scene)).map(({ scene, theme, size, name }) => ({
      scene,
      theme,
      size,
      file: path.join(ROOT, 'docs/pictures', `${name}.png`),
    }));
  }
  return scenes.flatMap((scene) =>
    (values.theme ?? THEMES).flatMap((theme) =>
      (values.size ?? SIZES).map((size) => ({
        scene,
        theme,
        size,
        file: path.join(ROOT, 'screenshots', `${scene}-${theme}-${size}.png`),
      })),
    ),
  );
}

/** Seconds that a display, a start or end of the app, a scene, and a picture of it may take on a busy computer. */
const SECONDS = { display: 20, app: 60, scene: 120, picture: 60 };

/** A display that nobody looks at; null where Xvfb is not installed, and the desktop's is used. */
function virtualDisplay() {
  return new Promise((resolve) => {
    const child = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1920x1200x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    child.once('error', () => resolve(null));
    child.once('exit', () => resolve(null));
    child.stdio[3].once('data', (number) =>
      resolve({ name: `:${number.toString().trim()}`, stop: () => child.kill('SIGTERM') }),
    );
    process.once('exit', () => child.kill('SIGTERM'));
  });
}

/** The app with a new profile. */
async function openApp(executablePath, display) {
  const userData = mkdtempSync(path.join(os.tmpdir(), 'kseg-pictures-'));
  const app = await _electron.launch({
    executablePath,
    args: ['--disable-gpu', '--force-device-scale-factor=1', ROOT],
    cwd: ROOT,
    env: {
      ...process.env,
      ...(display ? { DISPLAY: display.name } : {}),
      KSEG_USER_DATA: userData,
      KSEG_GUESTS: path.join(userData, 'guests'),
    },
  });
  const running = app.process();
  const kill = () => running.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    await within(SECONDS.app, 'ending the app', app.close()).catch(kill);
    process.off('exit', kill);
    rmSync(userData, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const page = await app.firstWindow();
    await page.waitForLoadState();
    return { app, page, stop, kill };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Carries out a command of the native menu. */
const command = (app, id) =>
  app.evaluate(({ BrowserWindow }, name) => {
    BrowserWindow.getAllWindows()[0].webContents.send('kseg:on-command', name);
  }, id);

async function take({ app, page }, { theme, size, file }) {
  const [width, height] = size.split('x').map(Number);
  await app.evaluate(
    ({ BrowserWindow }, [w, h]) => {
      BrowserWindow.getAllWindows()[0].setContentSize(w, h);
    },
    [width, height],
  );
  await page.waitForFunction(([w, h]) => window.innerWidth === w && window.innerHeight === h, [width, height]);
  await command(app, `view.theme.${theme}`);
  await page.waitForFunction((name) => document.documentElement.dataset.theme === name, theme);
  // A ring round what a script has clicked last says nothing; overlays keep their focus.
  await page.evaluate(() => {
    if (!document.activeElement?.closest('dialog')) document.activeElement?.blur();
  });
  await page.mouse.move(0, 0);
  // Canvases draw at the next frame, the terminal a little later.
  await page.waitForTimeout(400);
  const png = recompress(await page.screenshot());
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, png);
}

/** Sets a scene and takes its pictures. */
async function picture(scene, open, pictures) {
  const app = { ...open, command: (id) => command(open.app, id) };
  await within(scene.seconds ?? SECONDS.scene, 'setting it', scene.set(app));
  for (const picture of pictures) {
    const { theme, size, file } = picture;
    await within(SECONDS.picture, `its picture in ${theme} at ${size}`, take(open, picture));
    const bytes = statSync(file).size;
    console.log(`${path.relative(ROOT, file)}  ${Math.round(bytes / 1000)} kB`);
    if (file.includes('docs') && bytes > DOCS_LIMIT) {
      throw new Problem(`${file} has ${bytes} bytes, more than the ${DOCS_LIMIT} that documents carry`);
    }
  }
  if (scene.reset) await within(SECONDS.scene, 'leaving it', scene.reset(app));
}

async function main() {
  const pictures = wanted();
  if (pictures.length === 0) return;
  const runtime = await electronRuntime();
  const display = await within(SECONDS.display, 'starting Xvfb', virtualDisplay());
  const ofScene = ({ name }) => pictures.filter(({ scene }) => scene === name);
  const scenes = SCENES.filter((scene) => {
    if (ofScene(scene).length === 0) return false;
    const missing = scene.missing?.();
    if (missing) console.log(`${scene.name}: left out, ${missing}`);
    return !missing;
  });
  let failed;
  try {
    failed = await eachScene(
      scenes,
      () => within(SECONDS.app, 'starting the app', openApp(runtime.executable, display)),
      (scene, app) => picture(scene, app, ofScene(scene)),
      console.log,
    );
  } finally {
    display?.stop();
  }
  if (failed.length > 0) throw new Problem(`There are no pictures, or not all, of: ${failed.join(', ')}.`);
}

endOnSignals();
// What a scene that took too long still waits for keeps nothing alive.
main().then(() => process.exit(), fail);
