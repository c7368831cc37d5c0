export function decode(png: Buffer): { width: number; height: number; pixels: Uint32Array };
export function recompress(png: Buffer): Buffer;
