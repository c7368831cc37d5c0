/** The last `limit` bytes of a stream. */
export class Replay {
  private chunks: Uint8Array[] = [];
  private length = 0;

  constructor(private readonly limit: number) {}

  push(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
    // Joined now and then, so that a guest that prints byte by byte does not leave a list of thousands.
    if (this.length > 2 * this.limit || this.chunks.length > 1024) {
      const kept = this.bytes();
      this.chunks = [kept];
      this.length = kept.length;
    }
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const chunk of this.chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all.slice(Math.max(0, all.length - this.limit));
  }

  clear(): void {
    this.chunks = [];
    this.length = 0;
  }
}
