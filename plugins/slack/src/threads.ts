/** The threads that Aleph takes part in, kept in a file: there it is answered to without being named again. */
import { readFile, rename, writeFile } from "node:fs/promises";

const LIMIT = 1000;

export class Threads {
  readonly #path: string;
  readonly #known: Set<string>;
  #writing = Promise.resolve();

  private constructor(path: string, known: Set<string>) {
    this.#path = path;
    this.#known = known;
  }

  static async open(path: string): Promise<Threads> {
    try {
      return new Threads(path, new Set(JSON.parse(await readFile(path, "utf8")) as string[]));
    } catch {
      // None yet, or a torn file: whoever wants an answer in an old thread names the bot once more.
      return new Threads(path, new Set());
    }
  }

  has(thread: string): boolean {
    return this.#known.has(thread);
  }

  add(thread: string): void {
    if (this.#known.has(thread)) return;
    this.#known.add(thread);
    if (this.#known.size > LIMIT) this.#known.delete(this.#known.values().next().value!);
    const text = JSON.stringify([...this.#known]);
    this.#writing = this.#writing
      .then(() => writeFile(`${this.#path}.new`, text))
      .then(() => rename(`${this.#path}.new`, this.#path))
      .catch((thrown: unknown) => console.warn("The threads could not be kept:", thrown));
  }
}
