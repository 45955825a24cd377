/** What a release is made of; each file of this folder makes one form of it. */
import type { TargetName } from "../bundle.ts";

export interface Release {
  readonly version: string;
  /** All times in its files, so that the same sources make the same bytes. */
  readonly date: Date;
  /** Where its files go. */
  readonly folder: string;
  /** Where they are fetched from: the folder of `latest.json`, with a slash at its end. */
  readonly url: string;
  /** The executables by target. */
  readonly executables: Readonly<Partial<Record<TargetName, string>>>;
  /** Manual pages and completions as they lie below a prefix (`scripts/share.ts`). */
  readonly share: string;
  /** `Name <address>`: whom a package names as the one to write to. */
  readonly maintainer: string;
}

export function targetsOf({ executables }: Release): readonly TargetName[] {
  return Object.keys(executables) as TargetName[];
}

/** Name of an archive, without its ending, and of the folder in it. */
export function archiveName({ version }: Release, target: TargetName): string {
  return `aleph-server-${version}-${target}`;
}

/** Of a file, as lower-case hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(path).stream()) hash.update(chunk);
  return hash.digest("hex");
}
