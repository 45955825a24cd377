/** Opens the connection to a server: in time, with words for each way that it can fail, and again once it is let in. */

import { originOf } from "../client/address.ts";
import { type Client, type ClientState, connect } from "../client/client.ts";
import type { Transport } from "../client/transport.ts";
import { VERSION } from "../lib/version.ts";
import { AlephError } from "../protocol/errors.ts";
import { unreachable } from "./failure.ts";
import { whenLetIn } from "./let-in.ts";
import type { Target } from "./target.ts";
import type { Terminal } from "./terminal.ts";

export interface OpenOptions {
  /** Connect again after a loss, for commands that take long. */
  readonly reconnect?: boolean;
  readonly onState?: (state: ClientState) => void;
  /** How long the server may take to answer at first. Default: 10 s. */
  readonly handshakeMs?: number;
  /** Where to say that this terminal must be let in, and to wait until it is; without it that is a refusal. */
  readonly waitAt?: Terminal;
}

const HANDSHAKE_MS = 10_000;

/** Throws `AlephError`. */
export async function openClient(target: Target, options: OpenOptions): Promise<Client> {
  const credentials = await target.credentials();
  const given = credentials();
  const device = given !== undefined && "device" in given;
  // A name for the list of devices: that of the machine.
  const id = device ? `cli on ${process.getBuiltinModule("node:os").hostname()}`.slice(0, 64) : "cli";
  const open = () => openOnce(target, { id, credentials }, options);
  const client = device && options.waitAt ? await whenLetIn(open, options.waitAt, originOf(target.url)) : await open();
  try {
    checkServer(target, client);
    return client;
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
}

async function openOnce(
  { url, certificate }: Target,
  { id, credentials }: { id: string; credentials: Awaited<ReturnType<Target["credentials"]>> },
  { reconnect = false, handshakeMs = HANDSHAKE_MS, onState }: OpenOptions,
): Promise<Client> {
  // Loaded here: a core in this process needs no socket.
  const { openWebSocket } = await import("../client/transport.ts");
  const late = new AbortController();
  let opened: Transport | undefined;
  const timer = setTimeout(() => {
    late.abort();
    opened?.close();
  }, handshakeMs);
  try {
    return await connect({
      open: async () => {
        opened = await openWebSocket(url, { signal: late.signal, ...(certificate ? { certificate } : {}) });
        return opened;
      },
      credentials,
      client: { id, version: VERSION, platform: process.platform },
      host: new URL(url).host,
      reconnect,
      ...(onState ? { onState } : {}),
    });
  } catch (thrown) {
    if (late.signal.aborted) {
      const hint = "Check that it is an Aleph server, then try again";
      throw unreachable(`The server at ${originOf(url)} does not answer`, hint, thrown);
    }
    if (thrown instanceof AlephError && thrown.reason !== "cancelled") throw explainRefusal(thrown);
    const certain = url.startsWith("wss:") ? ", or its certificate is not trusted: aleph remote add shows it" : "";
    throw unreachable(`No server answers at ${originOf(url)}`, `Start it with: aleph serve${certain}`, thrown);
  } finally {
    clearTimeout(timer);
  }
}

/** As with known hosts: another server at the same address may be a mistake, or worse. */
function checkServer({ remote }: Target, client: Client): void {
  const known = remote?.known.instance_id;
  const { instance_id: found } = client.hello.server;
  if (known === undefined || known === found) return;
  throw new AlephError("conflict", `The server of the remote "${remote!.name}" is another one than before`, {
    data: {
      expected: known,
      found,
      hint: `If that is right, such as after a new installation: aleph remote trust ${remote!.name}`,
    },
  });
}

function explainRefusal(error: AlephError): AlephError {
  const hints: Readonly<Record<string, string>> = {
    unauthenticated: "Set ALEPH_TOKEN to the token in credentials/token of the server's home",
    auth_failed: "The token is not this server's: set ALEPH_TOKEN, or name the server's home with --home",
  };
  const hint = /^(?:Token|Credentials)/.test(error.message) ? hints[error.reason] : undefined;
  if (!hint) return error;
  return new AlephError(error.reason, error.message, { cause: error, data: { ...error.data, hint } });
}
