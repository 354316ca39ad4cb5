/** First in, first out, without moving the rest at every step. */
export class InputQueue {
  #items: number[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: number): void {
    this.#items.push(item);
  }

  /** @returns the oldest item, or `undefined` when there is none */
  shift(): number | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head++];
    if (this.#head > 1024 && this.#head > this.length) this.replace(this.toArray());
    return item;
  }

  /** @returns a copy, the oldest first */
  toArray(): number[] {
    return this.#items.slice(this.#head);
  }

  /** @param items the new content, the oldest first; not copied */
  replace(items: number[]): void {
    this.#items = items;
    this.#head = 0;
  }
}
