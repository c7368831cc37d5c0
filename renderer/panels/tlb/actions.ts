/** What the panel's commands do; set while the panel is there. */
export const tlbActions = {
  /** Shows the host's side, or takes it away. */
  host: (_shown?: boolean): void => {},
  /** Opens the filter of the table. */
  filter: (): void => {},
};
