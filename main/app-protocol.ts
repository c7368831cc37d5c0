/**
 * `app://kseg/`: the renderer's files, and nothing else, with the headers that hold it to them. The scheme is standard
 * and secure, so the page has an origin, unlike a file: page.
 */
import { protocol } from 'electron';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

export const ORIGIN = 'app://kseg';
export const START_PAGE = `${ORIGIN}/index.html`;

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/**
 * The emulator compiles its WebAssembly in a worker thread of the main process, so the page gets no
 * 'wasm-unsafe-eval'. Styles may be inline: xterm.js writes its theme and the cells' sizes into style elements.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
};

/**
 * The file that a URL stands for, or null where it stands for none below `root`.
 * @param url as requested; hostile
 */
export function resolveFile(url: string, root: string): string | null {
  let name: string;
  try {
    const parsed = new URL(url);
    if (parsed.protocol !== 'app:' || parsed.host !== 'kseg') return null;
    name = decodeURIComponent(parsed.pathname);
  } catch {
    return null;
  }
  // Decoding may have brought back what the URL parser had taken out.
  if (/[\\\0:]/.test(name) || name.split('/').includes('..')) return null;
  const file = path.join(root, name === '/' ? 'index.html' : name);
  return file.startsWith(root + path.sep) ? file : null;
}

/** Before `ready`. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** @param root directory with the renderer's build */
export function serveRenderer(root: string): void {
  protocol.handle('app', async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405);
    const file = resolveFile(request.url, root);
    const type = file && TYPES[path.extname(file)];
    if (!type) return refusal(404);
    try {
      const bytes = new Uint8Array(await readFile(file));
      return new Response(request.method === 'HEAD' ? null : bytes, { headers: { ...HEADERS, 'Content-Type': type } });
    } catch {
      return refusal(404);
    }
  });
}

function refusal(status: number): Response {
  return new Response(null, { status, headers: HEADERS });
}
