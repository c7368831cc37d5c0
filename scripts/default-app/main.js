/**
 * What `electron [-r module] <app>` runs in a runtime made by scripts/electron-runtime.mjs: loads the application in the
 * given directory, with its name, version and path, as Electron's own default app does.
 *
 * Top-level await matters: Electron holds `ready` back until this module, and with it the application's, has loaded.
 */
import { app } from 'electron';
import { existsSync, readFileSync } from 'node:fs';
import Module from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const preloads = [];
let directory;
for (let index = 1; index < process.argv.length && directory === undefined; index++) {
  const argument = process.argv[index];
  if (argument === '--version' || argument === '-v') {
    console.log(`v${process.versions.electron}`);
    process.exit(0);
  } else if (argument === '-r' || argument === '--require') {
    preloads.push(process.argv[++index]);
  } else if (!argument.startsWith('-')) {
    directory = path.resolve(argument);
  }
}
if (directory === undefined) {
  console.error('usage: electron [-r module] <app>');
  process.exit(64);
}

try {
  if (preloads.length > 0) Module._preloadModules(preloads);
  Object.defineProperty(process, 'defaultApp', { enumerable: true, value: true });
  let appPath;
  const manifestFile = path.join(directory, 'package.json');
  if (existsSync(manifestFile)) {
    const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));
    if (manifest.version) app.setVersion(manifest.version);
    app.name = manifest.productName ?? manifest.name ?? app.name;
    app.setDesktopName(manifest.desktopName ?? `${app.name}.desktop`);
    appPath = directory;
  }
  const main = Module._resolveFilename(directory, null, true);
  app.setAppPath(appPath ?? path.dirname(main));
  await import(pathToFileURL(main).href);
} catch (error) {
  console.error(error);
  process.exit(1);
}
