/** Exception codes of Cause.ExcCode (MIPS PRA, MD00090, table 9.50) and the names that statistics and traces use. */

export const ExcCode = {
  Int: 0,
  Mod: 1,
  TLBL: 2,
  TLBS: 3,
  AdEL: 4,
  AdES: 5,
  IBE: 6,
  DBE: 7,
  Sys: 8,
  Bp: 9,
  RI: 10,
  CpU: 11,
  Ov: 12,
  Tr: 13,
  FPE: 15,
} as const;

export type ExcCode = (typeof ExcCode)[keyof typeof ExcCode];

export const EXCEPTION_NAMES: readonly string[] = (() => {
  const names = Array.from({ length: 32 }, (_, i) => `exc${i}`);
  for (const [name, code] of Object.entries(ExcCode)) names[code] = name;
  return names;
})();
