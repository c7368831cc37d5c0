/** The end of the console's text, for tests and tools that cannot read a WebGL terminal. */
export class ConsoleTail {
  #decoder = new TextDecoder();
  #text = '';
  readonly #limit: number;

  /** `limit` in characters. */
  constructor(limit = 4000) {
    this.#limit = limit;
  }

  /** Takes the next bytes; a character may be split between two calls. */
  push(bytes: Uint8Array): void {
    this.#text = (this.#text + this.#decoder.decode(bytes, { stream: true })).slice(-this.#limit);
  }

  get text(): string {
    return this.#text;
  }
}
