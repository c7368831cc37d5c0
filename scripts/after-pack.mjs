/** electron-builder's hook between unpacked app and package: takes out the runtime's leftovers and sets the fuses. */
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses';

/** The app is not a Node.js: none of Electron's ways to make it run other code, or to look into it, is left. */
const FUSES = {
  version: FuseVersion.V1,
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableCookieEncryption]: true,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
};

export default async function afterPack({ appOutDir, electronPlatformName, packager }) {
  if (electronPlatformName !== 'linux') return;
  for (const leftover of ['resources/default_app.asar', 'version']) {
    rmSync(path.join(appOutDir, leftover), { force: true });
  }
  const executable = path.join(appOutDir, packager.executableName);
  if (!existsSync(executable)) throw new Error(`${executable} is not there to have its fuses set.`);
  await flipFuses(executable, FUSES);
}
