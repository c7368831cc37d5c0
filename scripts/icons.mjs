/**
 * Renders resources/icons/kseg.svg to the PNG sizes that Linux desktops ask for. An Electron app of its own:
 * `xvfb-run -a npx electron --no-sandbox scripts/icons.mjs`. Its results are checked in.
 */
import { BrowserWindow, app, nativeImage } from 'electron';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

const FOLDER = path.resolve(import.meta.dirname, '../resources/icons');
const SIZES = [16, 24, 32, 48, 64, 128, 256, 512];

async function main() {
  const svg = (await readFile(path.join(FOLDER, 'kseg.svg'))).toString('base64');
  const window = new BrowserWindow({ show: false });
  await window.loadURL('about:blank');
  for (const size of SIZES) {
    const dataUrl = await window.webContents.executeJavaScript(`
      new Promise((resolve, reject) => {
        const image = new Image(${size}, ${size});
        image.onload = () => {
          const canvas = Object.assign(document.createElement('canvas'), { width: ${size}, height: ${size} });
          canvas.getContext('2d').drawImage(image, 0, 0, ${size}, ${size});
          resolve(canvas.toDataURL('image/png'));
        };
        image.onerror = reject;
        image.src = 'data:image/svg+xml;base64,${svg}';
      })`);
    const png = nativeImage.createFromDataURL(dataUrl).toPNG();
    await writeFile(path.join(FOLDER, `${size}x${size}.png`), png);
    console.log(`${size}x${size}.png: ${png.length} bytes`);
  }
}

void app
  .whenReady()
  .then(main)
  .then(
    () => app.exit(0),
    (error) => {
      console.error(error);
      app.exit(1);
    },
  );
