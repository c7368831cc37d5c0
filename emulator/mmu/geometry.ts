/**
 * Shapes of the host's page tables (Linux 4.11, arch/mips/include/asm/pgtable-32.h and pgtable-64.h). The pud level is
 * folded in all of them, the pmd level in those with `pmdEntries` 1: a folded level's one slot is its parent's slot.
 */
export interface Geometry {
  name: string;
  pageShift: number;
  /** Log2 of the bytes that one pte table maps, and one pgd slot. */
  pmdShift: number;
  pgdShift: number;
  pteEntries: number;
  pmdEntries: number;
  pgdEntries: number;
}

function geometry(
  name: string,
  pageShift: number,
  pmdShift: number,
  pgdShift: number,
  pteEntries: number,
  pmdEntries: number,
  pgdEntries: number,
): Geometry {
  return { name, pageShift, pmdShift, pgdShift, pteEntries, pmdEntries, pgdEntries };
}

export const GEOMETRIES = {
  m32_4k: geometry('32-bit 4K', 12, 22, 22, 1024, 1, 1024),
  m32_16k: geometry('32-bit 16K', 14, 26, 26, 4096, 1, 64),
  m32_64k: geometry('32-bit 64K', 16, 30, 30, 16384, 1, 4),
  m64_4k: geometry('64-bit 4K', 12, 21, 30, 512, 512, 1024),
  m64_16k: geometry('64-bit 16K', 14, 25, 36, 2048, 2048, 2048),
  m64_64k_2lvl: geometry('64-bit 64K, 2-level', 16, 29, 29, 8192, 1, 8192),
} as const;

export type GeometryName = keyof typeof GEOMETRIES;
