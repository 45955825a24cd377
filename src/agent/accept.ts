/** Puts a message and the run that answers it on disk; the same idempotency key finds the run that is there. */
import type { Database } from "bun:sqlite";
import { createId } from "../lib/id.ts";
import type { Grant } from "../protocol/identity.ts";
import type { MessagePart } from "../protocol/message.ts";
import type { RunParams } from "../protocol/run.ts";
import { findIdempotent, saveIdempotent } from "../session/idempotency.ts";
import { appendMessage } from "../session/messages.ts";
import { insertRun, type RunRequest, type Runs, type Spawned, setRunRequest } from "../session/runs.ts";
import { ensureSession, kindOf } from "../session/sessions.ts";
import type { Ledger } from "../usage/ledger.ts";
import type { Arrived } from "./arrivals.ts";

export interface Asked {
  /** As it was sent. */
  readonly params: RunParams;
  readonly media: readonly MessagePart[];
  readonly arrived: Arrived;
  readonly sessionKey: string;
  readonly grant: Grant;
  readonly credential: string | undefined;
  readonly origin?: Origin | undefined;
}

/** Of a run that Aleph itself starts, or another agent. */
export interface Origin {
  readonly spawned?: Spawned;
  /** What a stranger may have written is in the message. */
  readonly untrusted?: boolean;
  /** The owner's own words with pieces that came from outside in them, as offsets into `text`, which is the message as it was sent. */
  readonly outside?: { readonly text: string; readonly pieces: readonly (readonly [number, number])[] };
  /** Another agent, or a program, sent it: hooks see it, it calls no command, and nobody here knows what that agent has read. */
  readonly byAgent?: true;
  /** In the transaction that puts the message on disk; the run's id, where one is made for it. */
  readonly also: (db: Database, runId: string | undefined) => void;
}

export interface Accepted {
  readonly runId: string;
  readonly sessionId: number;
  readonly isNew: boolean;
  readonly createdSession: boolean;
  readonly request: RunRequest;
}

export interface AcceptDeps {
  readonly runs: Pick<Runs, "get">;
  readonly usage: Pick<Ledger, "check">;
  readonly now: () => number;
}

/** Inside the caller's transaction. Throws `budget_exceeded`, and `conflict` for a key of another request. */
export function acceptRun(db: Database, { runs, usage, now: clock }: AcceptDeps, asked: Asked): Accepted {
  const { params, media, arrived, sessionKey, grant, credential, origin } = asked;
  const now = clock();
  const { idempotency_key, model, thinking, record } = params;
  const identity = grant.identity.id;
  const digest = digestOf(asked);
  const known = idempotency_key === undefined ? undefined : findIdempotent(db, identity, idempotency_key, digest, now);
  if (known !== undefined) {
    const { request, sessionId } = runs.get(known);
    return { runId: known, sessionId, isNew: false, createdSession: false, request };
  }
  // What asks no model costs nothing.
  if (!arrived.direct) usage.check({ identity, sessionKey: origin?.spawned?.rootSessionKey ?? sessionKey });
  const runId = createId("run");
  const { id: sessionId, created } = ensureSession(db, sessionKey, kindOf(sessionKey, grant), now);
  const wanted = {
    grant,
    resumed: 0,
    ...(credential === undefined ? {} : { credential }),
    ...(model ? { model } : {}),
    ...(thinking ? { thinking } : {}),
    ...(record === undefined ? {} : { record }),
    ...(arrived.direct ? { direct: arrived.direct } : {}),
    ...(origin?.spawned ? { spawned: origin.spawned } : {}),
    ...(origin?.byAgent ? { tainted: true as const } : {}),
  };
  // The message refers to the run and the run to its message: the run comes first.
  insertRun(db, { id: runId, sessionId, identity, request: { ...wanted, messageId: 0 }, createdAt: now });
  const parts: readonly MessagePart[] = [...media, textOf(arrived.message, origin)];
  const messageId = appendMessage(db, { sessionId, runId, role: "user", parts, status: "complete", ts: now });
  const request: RunRequest = { ...wanted, messageId };
  setRunRequest(db, runId, request);
  if (idempotency_key !== undefined) saveIdempotent(db, { identity, key: idempotency_key, digest, runId, now });
  origin?.also(db, runId);
  return { runId, sessionId, isNew: true, createdSession: created, request };
}

/** Inside the transaction that adds the message to a run that is there: sent again, it is answered with that run. */
export function keepSteered(
  db: Database,
  asked: Pick<Asked, "params" | "media" | "sessionKey" | "grant">,
  { runId, now }: { readonly runId: string; readonly now: number },
): void {
  const { idempotency_key: key } = asked.params;
  if (key === undefined) return;
  saveIdempotent(db, { identity: asked.grant.identity.id, key, digest: digestOf(asked), runId, now });
}

/** Of what was sent, whatever hooks made of it: whoever tries again sends the same. */
function digestOf({ params, media, sessionKey }: Pick<Asked, "params" | "media" | "sessionKey">): string {
  const { message, model, thinking } = params;
  const sent: readonly MessagePart[] = [...media, { type: "text", text: message }];
  return new Bun.CryptoHasher("sha256")
    .update(JSON.stringify([sessionKey, sent, model ?? null, thinking ?? null]))
    .digest("hex");
}

export function textOf(text: string, origin: Pick<Origin, "untrusted" | "outside"> | undefined): MessagePart {
  if (origin?.outside) {
    const { text: sent, pieces } = origin.outside;
    // Where a plugin has changed it nobody knows any more which piece is whose.
    const outside = text === sent ? { outside: pieces.map(([from, to]): [number, number] => [from, to]) } : {};
    return { type: "text", text, untrusted: true, ...outside };
  }
  return { type: "text", text, ...(origin?.untrusted ? { untrusted: true as const } : {}) };
}
