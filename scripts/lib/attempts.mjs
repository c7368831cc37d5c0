/** Limits on what has none of its own, and second tries: for whoever drives the app through many scenes. */
import { Problem } from './run.mjs';

/**
 * A promise, or its failure when it takes longer. What it waited for goes on: most calls into the app have no limit of
 * their own, so whoever gives up ends the app.
 * @template T
 * @param {number} seconds
 * @param {string} what
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
export async function within(seconds, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Problem(`${what} took longer than ${seconds} seconds`)), seconds * 1000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Goes through scenes that share an app where they can; one that fails or hangs is tried once more in another app, and
 * does not keep the others from their turn.
 * @template {{ name: string, fresh?: boolean }} Scene
 * @template {{ stop: () => Promise<void>, kill: () => void }} App
 * @param {readonly Scene[]} scenes `fresh` ones begin with an app of their own
 * @param {() => Promise<App>} openApp
 * @param {(scene: Scene, app: App) => Promise<void>} work
 * @param {(line: string) => void} say
 * @returns {Promise<string[]>} the names of those that failed at both tries
 */
export async function eachScene(scenes, openApp, work, say) {
  const failed = [];
  /** @type {App | null} */
  let app = null;
  const end = async () => {
    const ending = app;
    app = null;
    await ending?.stop();
  };
  try {
    for (const scene of scenes) {
      for (const last of [false, true]) {
        try {
          if (scene.fresh) await end();
          app ??= await openApp();
          await work(scene, app);
          break;
        } catch (error) {
          if (last) failed.push(scene.name);
          say(`${scene.name}: ${last ? 'failed' : 'once more, with another app'}: ${error.message}`);
          // Whatever state the app is in, what follows begins with another.
          app?.kill();
          await end();
        }
      }
    }
  } finally {
    await end();
  }
  return failed;
}
