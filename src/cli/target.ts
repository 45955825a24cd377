/** Which server a command is meant for, and what this terminal shows to be let in there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isLoopback, pairingCodeOf, toSocketUrl } from "../client/address.ts";
import type { Credentials } from "../client/client.ts";
import type { Environment } from "../config/environment.ts";
import type { Home } from "../config/home.ts";
import type { Instance } from "../config/instance.ts";
import { ensureSigningKey } from "../lib/signing-key.ts";
import { AlephError } from "../protocol/errors.ts";
import { homeOf, type ServerFlags } from "./flags.ts";
import { findRemote, LOCAL, type Remote, readRemotes } from "./remotes.ts";

/** A server at an address. */
export interface Target {
  /** Of its socket. */
  readonly url: string;
  /** The only one that it may show, in PEM. */
  readonly certificate?: string | undefined;
  /** By which name the person knows it. */
  readonly remote?: { readonly name: string; readonly known: Remote };
  /** Asked before the first connection; the answer is asked again at each connection. */
  readonly credentials: () => Promise<() => Credentials | undefined>;
}

/** Undefined is the home's own server. Throws `not_found` and `invalid_params`. */
export function findTarget(flags: ServerFlags, env: Environment): Target | undefined {
  const home = homeOf(flags, env);
  const named = flags["remote-name"];
  if (named === LOCAL) return undefined;
  if (named !== undefined) return remoteTarget(home, env, named, findRemote(home, named));
  // A home that is named on the command line is meant, whatever the environment or the home itself says.
  const address = flags.url ?? (flags.home ? undefined : env.url);
  if (address !== undefined) return addressTarget(home, env, address);
  const { current, remotes } = flags.home ? { remotes: {} as Record<string, Remote> } : readRemotes(home);
  const remote = current === undefined ? undefined : remotes[current];
  return remote && remoteTarget(home, env, current!, remote);
}

/** By a name: never with the home's own token. */
export function remoteTarget(home: Home, env: Environment, name: string, known: Remote, code?: string): Target {
  return {
    url: known.url,
    certificate: known.certificate,
    remote: { name, known },
    credentials: async () => (env.token === undefined ? await deviceOf(home, code) : () => toCredentials(env.token)),
  };
}

function addressTarget(home: Home, env: Environment, address: string): Target {
  const url = toSocketUrl(address);
  const code = pairingCodeOf(address);
  return {
    url,
    async credentials() {
      // The home's token goes to this machine only: a wrong address must not get hold of it.
      if (code === undefined && (env.token !== undefined || isLoopback(url))) {
        return () => toCredentials(env.token ?? readToken(home));
      }
      return await deviceOf(home, code);
    },
  };
}

/** The server that has the home. */
export function ownTarget(
  home: Home,
  env: Environment,
  { url, certificate }: Instance & { readonly url: string },
): Target {
  const credentials = () => toCredentials(readToken(home) ?? env.token);
  return { url: toSocketUrl(url), certificate, credentials: async () => credentials };
}

/** This terminal's own key, made when it is first needed. */
async function deviceOf(home: Home, code: string | undefined): Promise<() => Credentials> {
  const path = join(home.credentials, "device-key");
  try {
    const device = await ensureSigningKey(path);
    return () => ({ device, ...(code === undefined ? {} : { pairing_code: code }) });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new AlephError("config_invalid", `The file ${path} holds no key`, {
      cause,
      data: {
        issues: [{ path: "credentials/device-key", message: cause.message }],
        hint: "Remove it: the next command makes a new key, which must be let in anew",
      },
    });
  }
}

function toCredentials(token: string | undefined): Credentials | undefined {
  return token === undefined ? undefined : { token };
}

/** Nothing when there is none: with auth.mode = "none" none is needed, otherwise the server says so. */
function readToken(home: Home): string | undefined {
  try {
    return readFileSync(join(home.credentials, "token"), "utf8").trim();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}
