/** The console's commands exist before its terminal does; the mounted terminal fills them in. */
export const consoleActions = {
  find: (): void => {},
  copy: (): void => {},
  save: (): void => {},
};
