/** Options that many commands share. */

import { join, resolve } from "node:path";
import { defaultHomePath, type Environment } from "../config/environment.ts";
import { type Home, homeAt } from "../config/home.ts";
import type { Arguments } from "./command.ts";

/** Which Aleph: its folder and its file. */
export const homeFlags = {
  home: { type: "string", valueHint: "dir", description: "ALEPH_HOME instead of ~/.aleph", completion: "folder" },
  config: {
    type: "string",
    valueHint: "file",
    description: "config.toml elsewhere than in the home",
    completion: "file",
  },
} as const;

/** Which server; without one the command starts the core in its own process, on the same home. */
export const serverFlags = {
  ...homeFlags,
  url: { type: "string", valueHint: "url", description: "a server elsewhere, such as http://127.0.0.1:18790" },
  "remote-name": {
    type: "string",
    valueHint: "name",
    description: "one of aleph remote list, or local for the home's own",
    completion: "remotes",
  },
} as const;

export const jsonFlag = { json: { type: "boolean", description: "print JSON for programs" } } as const;

/** What nearly every command takes: the manual and the reference tell it once. */
export const SHARED_FLAGS: Arguments = { ...jsonFlag, ...serverFlags };

/** The session that something is done in. */
export const sessionFlag = {
  session: {
    type: "string",
    valueHint: "key",
    description: "the session that it is done in; the agent's main one if left out",
    completion: "sessions",
  },
} as const;

/** As a method takes it. */
export function sessionOf({ session }: { readonly session?: string | undefined }): { readonly session_key?: string } {
  return session === undefined ? {} : { session_key: session };
}

export interface HomeFlags {
  readonly home?: string | undefined;
  readonly config?: string | undefined;
}

export interface ServerFlags extends HomeFlags {
  readonly url?: string | undefined;
  readonly "remote-name"?: string | undefined;
}

export function homeOf(flags: HomeFlags, env: Environment): Home {
  const path = flags.home ? resolve(flags.home) : defaultHomePath(env);
  return homeAt(path, flags.config ? resolve(flags.config) : join(path, "config.toml"));
}
