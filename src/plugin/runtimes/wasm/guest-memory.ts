/** Counts what a module keeps outside of its own memory: Extism's blocks, which its own limit measures too late. */

/** What an empty block costs the engine. */
const BLOCK_BYTES = 512;
/** Extism numbers the blocks of a call in 15 bits and never uses a number twice. */
const MAX_BLOCKS = 32_000;

export class BlockBudget {
  readonly #limit: number;
  readonly #memory: () => number;
  /** Sizes of those that are counted, by their number. */
  readonly #blocks = new Map<bigint, number>();
  #used = 0;
  #made = 0;

  /** `memory`: bytes of the module's own memory, which are part of the limit. */
  constructor(limit: number, memory: () => number) {
    this.#limit = limit;
    this.#memory = memory;
  }

  /** Makes a block of that size; throws, with nothing allocated, when it would go beyond the limit. */
  make(bytes: number, allocate: () => bigint): bigint {
    const size = bytes + BLOCK_BYTES;
    if (!(bytes >= 0) || this.#used + size + this.#memory() > this.#limit) {
      throw new Error("The module is over its memory limit");
    }
    if (this.#made >= MAX_BLOCKS) throw new Error(`The module made more than ${MAX_BLOCKS} blocks in one call`);
    const address = allocate();
    this.#made += 1;
    this.#used += size;
    this.#blocks.set(numberOf(address), size);
    return address;
  }

  free(address: bigint): void {
    const number = numberOf(address);
    this.#used -= this.#blocks.get(number) ?? 0;
    this.#blocks.delete(number);
  }

  /** Extism frees all blocks when a call begins. */
  reset(): void {
    this.#blocks.clear();
    this.#used = 0;
    this.#made = 0;
  }
}

/** The place in a block is in the lower 48 bits. */
function numberOf(address: bigint): bigint {
  return BigInt.asUintN(64, address) >> 48n;
}
