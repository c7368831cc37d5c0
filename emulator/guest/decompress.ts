/** What packages and initial RAM disks are compressed with, recognised by their first bytes and unpacked as a stream. */
import { Decompress } from 'fzstd';
import * as xzModule from 'xz-decompress';
import { LoadError } from '../boot/elf.ts';

/** A CommonJS module: Node shows what it exports as the default, a bundler by name. */
const { XzReadableStream } = (xzModule as { default?: typeof xzModule }).default ?? xzModule;

export type Compression = 'none' | 'gzip' | 'xz' | 'zstd';

const MAGICS: readonly [Compression, readonly number[]][] = [
  ['gzip', [0x1f, 0x8b]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
];

/** Bytes that a file may unpack to in all: a bomb ends here. Of what streams through, only a part is kept. */
export const MAX_UNPACKED = 2 ** 31;
/** Compressed bytes handed to a decoder at a time. */
const PIECE = 64 * 1024;
/** The zstd decoder gives all the output of a piece at once, which may be thousands of times as much. */
const ZSTD_PIECE = 4 * 1024;

export function compressionOf(bytes: Uint8Array): Compression {
  return MAGICS.find(([, magic]) => magic.every((byte, i) => bytes[i] === byte))?.[0] ?? 'none';
}

/**
 * Unpacks a file piece by piece; a reader that stops early stops the work.
 * @param name the file's name, for error messages
 * @throws LoadError when it is damaged, ends early or unpacks to more than `limit` bytes
 */
export async function* unpack(name: string, bytes: Uint8Array, limit = MAX_UNPACKED): AsyncGenerator<Uint8Array> {
  const compression = compressionOf(bytes);
  let total = 0;
  try {
    for await (const piece of decoders[compression](bytes)) {
      total += piece.length;
      if (total > limit) {
        throw new LoadError(
          `${name}: unpacks to more than ${Math.floor(limit / 1024 / 1024)} MiB; do not use this file.`,
        );
      }
      if (piece.length > 0) yield piece;
    }
  } catch (error) {
    if (error instanceof LoadError) throw error;
    throw new LoadError(
      `${name}: the ${compression} data is damaged, ends early or asks for too much memory; copy the file again.`,
      {
        cause: error,
      },
    );
  }
}

/** All of a compressed file that is known to be small. @throws LoadError as {@link unpack} does */
export async function unpackAll(name: string, bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of unpack(name, bytes, limit)) pieces.push(piece);
  return joined(pieces);
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  const pieces = cut(bytes, PIECE);
  return new ReadableStream({
    pull(controller) {
      const { done, value } = pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

const decoders: Record<Compression, (bytes: Uint8Array) => AsyncIterable<Uint8Array> | Iterable<Uint8Array>> = {
  none: (bytes) => cut(bytes, PIECE),
  gzip: (bytes) => streamOf(bytes).pipeThrough(new DecompressionStream('gzip')),
  xz: xzPieces,
  zstd: zstdPieces,
};

/** Settled when the xz stream before has ended: two at a time would spoil each other's buffers in the one decoder. */
let xzIdle: Promise<void> = Promise.resolve();

async function* xzPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const before = xzIdle;
  let end!: () => void;
  xzIdle = new Promise((resolve) => (end = resolve));
  await before;
  const reader = new XzReadableStream(streamOf(bytes)).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Frees the decoder. One that has come to its end before its reader has fails at this; it is free already.
    await reader.cancel().catch(() => {});
    end();
  }
}

function* zstdPieces(bytes: Uint8Array): Generator<Uint8Array> {
  let ready: Uint8Array[] = [];
  let ended = false;
  const decoder = new Decompress((piece, final) => {
    ready.push(piece);
    ended ||= final === true;
  });
  for (let at = 0; at < bytes.length; at += ZSTD_PIECE) {
    decoder.push(bytes.subarray(at, at + ZSTD_PIECE), at + ZSTD_PIECE >= bytes.length);
    yield* ready;
    ready = [];
  }
  if (!ended) throw new Error('the last frame is not complete');
}
