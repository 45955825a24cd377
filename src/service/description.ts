/** What a service manager is told of the server; every form of it, for whichever manager, is made from this. */
import { AlephError } from "../protocol/errors.ts";

export interface ServiceDescription {
  /** What starts the program: the executable, or Bun and our sources. */
  readonly program: readonly string[];
  /** What stands behind `serve`. */
  readonly arguments: readonly string[];
  /** ALEPH_HOME. Left out: the one that the person, or the system-wide service, has anyway. */
  readonly home?: string;
}

/** What the service is called, for systemd and for launchd. */
export const SERVICE_NAME = "aleph-server";

/** Where a system-wide service keeps everything. */
export const SYSTEM_HOME = "/var/lib/aleph";

export function commandLine({ program, arguments: more }: ServiceDescription): readonly string[] {
  const words = [...program, "serve", ...more];
  const bad = words.find((word) => hasControl(word));
  if (bad !== undefined) throw unusable(bad);
  return words;
}

/** Throws `invalid_params` where a path could end a line of the file that it is written to. */
export function homeOfService({ home }: ServiceDescription): string | undefined {
  if (home !== undefined && hasControl(home)) throw unusable(home);
  return home;
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

function unusable(text: string): AlephError {
  return new AlephError("invalid_params", `${JSON.stringify(text)} has characters that no service can be given`);
}
