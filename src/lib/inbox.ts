/** Hands what arrives to the one who listens; what comes before that is kept, in order. */

export class Inbox<T> {
  #listener: ((item: T) => void) | undefined;
  #early: T[] = [];

  get listener(): (item: T) => void {
    return this.#listener ?? ((item) => void this.#early.push(item));
  }

  set listener(listener: (item: T) => void) {
    this.#listener = listener;
    for (const item of this.#early.splice(0)) listener(item);
  }

  push(item: T): void {
    this.listener(item);
  }
}
