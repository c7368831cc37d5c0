/** The pgd slot under the pointer, wherever it is, so that panels mark the same addresses without knowing each other. */
class Link {
  slot = $state<number | null>(null);
}

export const link = new Link();
