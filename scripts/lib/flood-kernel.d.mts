export const FLOOD_LINE: string;
export const FLOOD_END: string;
export function floodKernel(lines: number): Uint8Array;
