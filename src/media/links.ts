/** Links to stored files that work without a login until they expire. */
import { join } from "node:path";
import { ensureKeyFile } from "../lib/key-file.ts";
import { AlephError } from "../protocol/errors.ts";

export interface MediaLink {
  /** Path and query on the server's own address. */
  readonly url: string;
  /** Unix milliseconds. */
  readonly expires_at: number;
}

export interface MediaLinks {
  /** Throws `config_invalid` when the key's file holds too little. */
  sign(mediaId: string): MediaLink;
  /** Throws `forbidden` unless `exp` and `sig` are those of a link to this file that has not expired. */
  check(mediaId: string, exp: string, sig: string): void;
}

export interface MediaLinksOptions {
  /** The folder in which the key is kept; it is made when it is first needed. */
  readonly credentials: string;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** How long a link works. Default: an hour. */
  readonly lastsMs?: number;
}

export function createMediaLinks({ credentials, now, lastsMs = 3_600_000 }: MediaLinksOptions): MediaLinks {
  let key: Buffer | undefined;
  const signature = (mediaId: string, exp: string) => {
    key ??= mediaKey(join(credentials, "media-key"));
    return new Bun.CryptoHasher("sha256", key).update(`aleph-media|1|${mediaId}|${exp}`).digest();
  };
  return {
    sign(mediaId) {
      const exp = Math.floor((now() + lastsMs) / 1000);
      const sig = signature(mediaId, String(exp)).toString("base64url");
      return { url: `/media/${mediaId}?exp=${exp}&sig=${sig}`, expires_at: exp * 1000 };
    },
    check(mediaId, exp, sig) {
      const expected = signature(mediaId, exp);
      const given = Buffer.from(sig, "base64url");
      // Always one comparison of the same length, whatever came.
      const same = crypto.timingSafeEqual(
        given.length === expected.length ? given : Buffer.alloc(expected.length),
        expected,
      );
      if (!same || given.length !== expected.length || !/^\d{1,12}$/.test(exp) || Number(exp) * 1000 <= now()) {
        throw new AlephError("forbidden", "The link is not valid or has expired", {
          data: { hint: "Ask for the file again: the answer has a new link" },
        });
      }
    },
  };
}

function mediaKey(path: string): Buffer {
  try {
    return ensureKeyFile(path);
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    throw new AlephError("config_invalid", "The key for links to media is too short to be safe", {
      data: {
        issues: [{ path: "credentials/media-key", message: thrown.message }],
        hint: "Remove the file: the next link makes a new one",
      },
    });
  }
}
