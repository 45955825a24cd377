/** A client that says what the server says: each thing is taken, or refused with words and a next step. */
import type { Server } from "../../test/support/executable.ts";
import { openRawSocket, RpcError } from "../../test/support/raw-socket.ts";
import type { Kind, Ledger } from "./ledger.ts";
import type { Rig } from "./rig.ts";

export interface Refusal {
  readonly reason: string;
  readonly message: string;
  readonly hint: string;
}

/** Has `count` things written down, one after the other; what is not taken is a problem. */
export async function write(ledger: Ledger, server: Server, count: number, kinds: readonly Kind[] = ["fact"]) {
  using socket = await openRawSocket(server.url, server.token);
  for (let at = 0; at < count; at++) await ledger.one(socket, server, kinds[at % kinds.length]!);
}

/** Writes until the server refuses; what it says then. Undefined when it took all of `most`. */
export async function writeUntilRefused(ledger: Ledger, server: Server, most: number): Promise<Refusal | undefined> {
  try {
    await write(ledger, server, most);
    return undefined;
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return refusalOf(error);
  }
}

export function refusalOf({ failure }: RpcError): Refusal {
  const { reason, hint } = failure.data ?? {};
  return { reason: String(reason), message: failure.message, hint: String(hint ?? "") };
}

/** That a refusal says what it is and what to do next. */
export function expectRefusal(rig: Rig, when: string, refusal: Refusal | undefined, message: RegExp): void {
  if (!refusal) rig.problem(`${when}: nothing was refused`);
  else if (refusal.reason !== "storage_failed" || !message.test(refusal.message) || refusal.hint === "") {
    rig.problem(`${when}: refused with ${JSON.stringify(refusal)}`);
  }
}

/** That it is up and says so. */
export async function expectAlive(rig: Rig, server: Pick<Server, "url">, when: string): Promise<void> {
  const answer = await fetch(`${server.url}/health`, { signal: AbortSignal.timeout(10_000) }).catch(String);
  if (typeof answer === "string" || answer.status !== 200) {
    rig.problem(`${when}: /health says ${typeof answer === "string" ? answer : answer.status}`);
  }
}

/** One run of an agent, from the question to its end; `session` tells runs apart. */
export async function expectRun(rig: Rig, server: Server, session: string, when: string): Promise<void> {
  using socket = await openRawSocket(server.url, server.token);
  const { run_id } = await socket.call<{ run_id: string }>("agent.run", {
    message: "Do it",
    session_key: `agent:main:chat:${session}`,
  });
  const run = await socket.call<{ status: string; text?: string }>("runs.wait", { run_id, timeout_ms: 20_000 });
  if (run.status !== "completed") rig.problem(`${when}: a run is ${JSON.stringify(run)}`);
}

/** Starts again after a kill, as a service manager does, and compares what is there with what was acknowledged. */
export async function expectRecovery(rig: Rig, ledger: Ledger, when: string): Promise<void> {
  await using server = await rig.start();
  await write(ledger, server, 5);
  await expectRun(rig, server, "afterwards", when);
  await rig.stop(server);
  rig.checkDatabase(when);
  ledger.compare(rig.home);
  rig.problems.push(...ledger.problems);
}
