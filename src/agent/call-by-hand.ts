/** A tool call that a person or program makes by itself, outside of a run. */
import { createId } from "../lib/id.ts";
import type { ToolOutcome } from "../policy/gate.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Grant } from "../protocol/identity.ts";
import type { MediaPart } from "../protocol/message.ts";
import { agentOf, canonicalSessionKey, parseSessionKey } from "../protocol/session-key.ts";
import type { Sessions } from "../session/sessions.ts";
import type { Toolbox } from "./toolbox.ts";

export interface HandNeeds {
  readonly toolbox: Pick<Toolbox, "call">;
  readonly sessions: Pick<Sessions, "find">;
}

export interface HandCall {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly sessionKey: string;
}

export interface HandCaller {
  readonly grant: Grant;
  readonly signal: AbortSignal;
}

export interface HandResult {
  ok: boolean;
  result: string;
  media?: MediaPart[];
}

/** Through the same gate as in a run. Throws `approval_denied` when it may not be. */
export async function callByHand(needs: HandNeeds, call: HandCall, caller: HandCaller): Promise<HandResult> {
  const outcome = await outcomeByHand(needs, call, caller);
  if (outcome.status === "denied") throw new AlephError("approval_denied", outcome.text);
  return {
    ok: outcome.status === "ok",
    result: outcome.text,
    ...(outcome.media ? { media: [...outcome.media] } : {}),
  };
}

/** The same, with how it ended as it is. */
export function outcomeByHand(
  { toolbox, sessions }: HandNeeds,
  { tool, args, sessionKey: given }: HandCall,
  { grant, signal }: HandCaller,
): Promise<ToolOutcome> {
  const sessionKey = canonicalSessionKey(given);
  return toolbox.call(
    { tool, args, callId: createId("call") },
    {
      agent: agentOf(parseSessionKey(sessionKey)),
      sessionKey,
      runId: null,
      grant,
      signal,
      sessionTools: sessions.find(sessionKey)?.tools ?? null,
    },
  );
}
