/** `model: "aleph"`: the whole agent with tools and memory answers, as parts of a reply. */

import type { Runner } from "../agent/runner.ts";
import type { ReplyPart } from "../dialects/dialect.ts";
import { createId } from "../lib/id.ts";
import { AlephError, isReason } from "../protocol/errors.ts";
import type { EventData, EventFrame, Topic } from "../protocol/events.ts";
import { buildSessionKey, canonicalSessionKey } from "../protocol/session-key.ts";
import type { Bus } from "../sdk/bus.ts";
import type { ModelMedia, ModelMessage, ModelRequest, ModelText } from "../sdk/provider.ts";
import type { TakeRun } from "../session/run-limit.ts";
import type { CompletionCall } from "./call.ts";
import type { UnnamedSessions } from "./unnamed-sessions.ts";

export interface AgentRunOptions {
  readonly runner: Pick<Runner, "start" | "stop">;
  readonly bus: Pick<Bus, "attach">;
  readonly takeRun: TakeRun;
  readonly unnamed: Pick<UnnamedSessions, "add">;
}

/** The agent's name when `model` asks for one. */
export function agentNamed(model: string): string | undefined {
  if (model === "aleph") return "main";
  return model.startsWith("aleph/") ? model.slice("aleph/".length) : undefined;
}

/** What the agent decides for itself, or knows from its own history. */
const NOT_CARRIED: readonly (readonly [keyof ModelRequest, string])[] = [
  ["toolChoice", "tool_choice"],
  ["parallelToolCalls", "parallel_tool_calls"],
  ["responseFormat", "response_format"],
  ["maxOutputTokens", "max_tokens"],
  ["temperature", "temperature"],
  ["topP", "top_p"],
  ["stop", "stop"],
  ["seed", "seed"],
];

/** Throws `invalid_params` naming the field that a run cannot carry out, and what starting a run throws. */
export async function* runAgent(
  { runner, bus, takeRun, unnamed }: AgentRunOptions,
  call: CompletionCall,
  agent: string,
  request: Omit<ModelRequest, "model">,
): AsyncGenerator<ReplyPart, void, undefined> {
  refuseFields(call, request);
  const named = sessionKeyOf(call, agent);
  const sessionKey = named ?? buildSessionKey({ form: "ephemeral", agent, id: createId("v1") });
  takeRun(call.grant.identity.id, sessionKey);
  const events = collect(bus, sessionKey);
  let runId: string | undefined;
  let ended = false;
  const stop = () => {
    events.wake();
    if (runId !== undefined && !ended) void runner.stop(runId, "cancel").catch(() => "it had ended");
  };
  call.signal.addEventListener("abort", stop, { once: true });
  try {
    const message = messageOf(request, named !== undefined);
    const started = await runner.start(
      {
        ...message,
        session_key: sessionKey,
        ...(request.thinking === "off" ? {} : { thinking: request.thinking }),
      },
      call.grant,
    );
    runId = started.run_id;
    if (call.signal.aborted) stop();
    let told = false;
    for (;;) {
      if (call.signal.aborted) throw new AlephError("cancelled", "The request was cancelled");
      const event = await events.next();
      if (event === undefined || (event.data as { run_id?: string }).run_id !== runId) continue;
      if (isEnd(event.topic)) ended = true;
      const parts = partsOf(event);
      // Only then: a run that fails before it has said anything is an answer with a status of its own.
      if (parts.length > 0 && !told) yield { type: "model", provider: "aleph", model: String(call.body.model) };
      told ||= parts.length > 0;
      yield* parts;
      if (ended) return;
    }
  } finally {
    call.signal.removeEventListener("abort", stop);
    events[Symbol.dispose]();
    stop();
    if (named === undefined) unnamed.add(sessionKey);
  }
}

function isEnd(topic: Topic): boolean {
  return /^agent\.(completed|error|cancelled|interrupted)$/.test(topic);
}

function partsOf({ topic, data }: EventFrame): readonly ReplyPart[] {
  switch (topic) {
    case "stream.chunk":
      return [{ type: "text", text: (data as EventData<"stream.chunk">).content }];
    case "stream.thinking":
      return [{ type: "thinking", text: (data as EventData<"stream.thinking">).content }];
    case "agent.completed": {
      const { usage } = data as EventData<"agent.completed">;
      return [
        { type: "usage", usage },
        { type: "finish", reason: "stop" },
      ];
    }
    case "agent.error": {
      const { reason, message } = (data as EventData<"agent.error">).error;
      throw new AlephError(isReason(reason) ? reason : "internal", message);
    }
    case "agent.cancelled":
    case "agent.interrupted":
      throw new AlephError("cancelled", "The run was stopped");
    default:
      return [];
  }
}

interface Events extends Disposable {
  /** Undefined when it was woken. */
  next(): Promise<EventFrame | undefined>;
  wake(): void;
}

/** From now on, so that nothing of a run is missed that begins before its id is known. */
function collect(bus: Pick<Bus, "attach">, sessionKey: string): Events {
  const queue: EventFrame[] = [];
  let waiting: (() => void) | undefined;
  const wake = () => {
    waiting?.();
    waiting = undefined;
  };
  const attached = bus.attach({
    deliver(published) {
      if (published.sessionKey !== sessionKey) return;
      queue.push(published.event);
      wake();
    },
  });
  return {
    async next() {
      if (queue.length === 0) {
        const woken = Promise.withResolvers<void>();
        waiting = woken.resolve;
        await woken.promise;
      }
      return queue.shift();
    },
    wake,
    [Symbol.dispose]: () => attached[Symbol.dispose](),
  };
}

function refuseFields({ dialect }: CompletionCall, request: Omit<ModelRequest, "model">): void {
  const refused = NOT_CARRIED.find(([key]) => request[key as keyof typeof request] !== undefined);
  // The Messages API cannot be asked without a limit: there it says nothing.
  const name = refused?.[1] === "max_tokens" && dialect === "messages" ? undefined : refused?.[1];
  const field = request.tools.length > 0 ? "tools" : name;
  if (field === undefined) return;
  throw new AlephError("invalid_params", `${JSON.stringify(field)} cannot be carried over to a run of the agent`, {
    data: { param: field, hint: "Leave it out, or ask for a model instead of the agent" },
  });
}

/** The header wins over `user`, which is the name of a conversation unless it is a whole key. */
function sessionKeyOf({ sessionKey, body, grant, dialect }: CompletionCall, agent: string): string | undefined {
  const user = dialect === "messages" ? (body.metadata as { user_id?: unknown } | undefined)?.user_id : body.user;
  const named = sessionKey ?? (typeof user === "string" && user !== "" ? user : undefined);
  if (named === undefined) return undefined;
  if (grant.role !== "operator") throw new AlephError("forbidden", "Only operators may name a session");
  if (sessionKey !== undefined || /^(agent|subagent):/.test(named)) return canonicalSessionKey(named);
  const isPlain = /^[A-Za-z0-9][A-Za-z0-9_.@+-]{0,127}$/.test(named);
  const id = isPlain ? named : `user-${new Bun.CryptoHasher("sha256").update(named).digest("hex").slice(0, 32)}`;
  return buildSessionKey({ form: "chat", agent, id });
}

interface RunMessage {
  readonly message: string;
  readonly attachments?: { mime: string; name?: string; data: string }[];
}

/**
 * What is new: the user's words behind the last reply. A session has what came before; without one it is told along.
 * Instructions of the client are part of the message, as the agent has its own.
 */
function messageOf({ system, messages }: Omit<ModelRequest, "model">, hasHistory: boolean): RunMessage {
  const last = messages.findLastIndex(({ role }) => role !== "user");
  const latest = messages.slice(last + 1).flatMap((message) => message.content as readonly (ModelText | ModelMedia)[]);
  const text = textOf(latest);
  const media = latest.filter((part) => part.type === "media");
  if (text.trim() === "" && media.length === 0) {
    throw new AlephError("invalid_params", '"messages" must end with a message of the user', {
      data: { param: "messages" },
    });
  }
  const earlier = hasHistory ? [] : messages.slice(0, last + 1);
  const parts = [
    ...(system.length === 0 ? [] : [`<instructions>\n${system.join("\n\n")}\n</instructions>`]),
    ...(earlier.length === 0 ? [] : [`<conversation>\n${earlier.map(lineOf).join("\n\n")}\n</conversation>`]),
    text,
  ];
  return {
    message: parts.filter((part) => part !== "").join("\n\n") || "(see attachment)",
    ...(media.length === 0
      ? {}
      : {
          attachments: media.map(({ mime, name, data }) => ({
            mime,
            ...(name === undefined ? {} : { name }),
            data: Buffer.from(data).toString("base64"),
          })),
        }),
  };
}

function lineOf(message: ModelMessage): string {
  const name =
    message.role === "user" ? "User" : message.role === "assistant" ? "Assistant" : `Result of ${message.tool}`;
  return `${name}: ${textOf(message.content)}`;
}

function textOf(content: readonly { readonly type: string; readonly text?: string }[]): string {
  return content.map((part) => (part.type === "text" ? (part.text ?? "") : "")).join("");
}
