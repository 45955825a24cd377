/** What an executable was told when it was built (`scripts/bundle.ts`); from source there is nothing. */

/** Where its newer versions come from, and whose they are. */
export interface ReleaseSource {
  /** The folder of `latest.json`. */
  readonly url: string;
  /** The raw Ed25519 public key that signs it, in base64url. */
  readonly key: string;
}

export interface Build {
  /** Name of the target in our file names, such as `linux-x64-musl`. */
  readonly target: string;
  readonly releases?: ReleaseSource;
}

declare const ALEPH_BUILD: Build | undefined;

export const BUILD: Build | undefined = typeof ALEPH_BUILD === "undefined" ? undefined : ALEPH_BUILD;
