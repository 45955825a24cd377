/** The secrets that the config and the environment hold, by their value, so that they can be masked wherever they turn up. */

import { describeError, type Log } from "../lib/log.ts";
import { isSecretKey, maskPieces } from "../lib/mask.ts";
import { MaskStream } from "../lib/mask-stream.ts";
import type { Config } from "./schema.ts";

export interface KnownSecretsOptions {
  readonly config: () => Config;
  readonly resolveSecret: (value: string) => Promise<string>;
  /** The owner's token, as it is now. */
  readonly token: () => string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}

/** Shorter ones would be found everywhere. */
const SHORTEST = 8;

export class KnownSecrets {
  readonly #o: KnownSecretsOptions;
  #read: { readonly config: Config; readonly token: string; readonly values: Promise<readonly string[]> } | undefined;
  #values: readonly string[] = [];

  constructor(options: KnownSecretsOptions) {
    this.#o = options;
  }

  /** All of them as they are now; read anew when the config or the token changed. Never rejects. */
  async all(): Promise<readonly string[]> {
    const [config, token] = [this.#o.config(), this.#o.token()];
    if (this.#read?.config !== config || this.#read.token !== token) {
      this.#read = { config, token, values: this.#resolve(config, token) };
    }
    this.#values = await this.#read.values;
    return this.#values;
  }

  /** `text` without secrets: those that `all` gave last, and what looks like one. */
  mask(text: string): string {
    return maskPieces([text], this.#values)[0]!;
  }

  /** As `mask`, for one text that comes in pieces. */
  stream(): MaskStream {
    return new MaskStream(this.#values);
  }

  async #resolve(config: Config, token: string): Promise<readonly string[]> {
    const { resolveSecret, env, log } = this.#o;
    const resolved = await Promise.all(
      secretStrings(config).map((value) =>
        resolveSecret(value).catch((thrown: unknown) => {
          // What cannot be read now is nowhere else either.
          log.debug("a secret cannot be read", describeError(thrown));
          return "";
        }),
      ),
    );
    return [...new Set([token, ...secretStrings(env), ...resolved])].filter(({ length }) => length >= SHORTEST);
  }
}

/** The strings of a table that are secrets: by their key, or as headers. */
function secretStrings(value: unknown, isSecret = false): string[] {
  if (typeof value === "string") return isSecret ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    secretStrings(each, isSecret || isSecretKey(key) || key === "headers" || key === "env"),
  );
}
