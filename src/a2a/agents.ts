/** Other agents that ours may ask: those of `[a2a.agents]`, as one tool. What they say is what strangers say. */
import { type Artifact, type Message, type Part, Role, type Task, TaskState, taskStateToJSON } from "@a2a-js/sdk";
import {
  type Client,
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from "@a2a-js/sdk/client";
import { A2AError } from "@a2a-js/sdk/errors";
import type { A2aAgentTable } from "../config/schema.ts";
import { pause } from "../lib/pause.ts";
import type { Media } from "../media/media.ts";
import { AlephError } from "../protocol/errors.ts";
import type { MediaPart } from "../protocol/message.ts";
import type { NetworkDoor, OutboundRequest } from "../sdk/runtime.ts";
import type { ForeignTool, Prepared, ToolContext, ToolResult } from "../sdk/tool.ts";

export interface AgentsOptions {
  readonly agents: () => Readonly<Record<string, A2aAgentTable>>;
  readonly resolveSecret: (value: string) => Promise<string>;
  readonly door: (rules: readonly string[]) => Promise<NetworkDoor>;
  readonly media: Pick<Media, "put">;
}

interface Wanted {
  readonly agent: string;
  readonly message: string;
  readonly task_id?: string;
  readonly context_id?: string;
}

const TIMEOUT_MS = 600_000;
const POLL_MS = 250;
const LONGEST_POLL_MS = 10_000;
const CANCEL_MS = 10_000;
/** Looks at a task, one after the other, that came to nothing. */
const MOST_FAILED = 5;
/** Characters of the answer for the model, and bytes of one answer on the wire. */
const MAX_TEXT = 100_000;
const MAX_ANSWER = 16 * 1024 * 1024;
const CARD_PATH = ".well-known/agent-card.json";

export class Agents {
  readonly #o: AgentsOptions;
  #made: { readonly of: Readonly<Record<string, A2aAgentTable>>; readonly tools: readonly ForeignTool[] } | undefined;

  constructor(options: AgentsOptions) {
    this.#o = options;
  }

  tools(): readonly ForeignTool[] {
    const of = this.#o.agents();
    if (this.#made?.of !== of) this.#made = { of, tools: Object.keys(of).length > 0 ? [this.#tool(of)] : [] };
    return this.#made.tools;
  }

  #tool(of: Readonly<Record<string, A2aAgentTable>>): ForeignTool {
    const each = Object.entries(of).map(
      ([name, { description }]) => `- ${name}${description ? `: ${description}` : ""}`,
    );
    return {
      name: "a2a_send",
      description: [
        "Gives a task to another agent and returns its answer. It knows nothing of this conversation: the message must say everything that it needs.",
        "To go on with a task that asks something back, give its task_id; for a new task in the same conversation, its context_id.",
        "The agents:",
        ...each,
      ].join("\n"),
      parameters: {
        type: "object",
        properties: {
          agent: { type: "string", enum: Object.keys(of), description: "Which one" },
          message: { type: "string", minLength: 1, maxLength: 100_000, description: "What it is asked" },
          task_id: { type: "string", minLength: 1, maxLength: 256, description: "Of the task to go on with" },
          context_id: { type: "string", minLength: 1, maxLength: 256, description: "Of the conversation with it" },
        },
        required: ["agent", "message"],
        additionalProperties: false,
      },
      parallel: false,
      prepare: (args, context) => this.#prepare(args as unknown as Wanted, context),
    };
  }

  #prepare(wanted: Wanted, context: ToolContext): Prepared {
    const table = this.#o.agents()[wanted.agent];
    if (!table) throw new AlephError("not_found", `There is no agent "${wanted.agent}"`);
    return {
      tier: table.ask === false ? "allow" : "ask",
      reason:
        table.ask === false
          ? `The owner lets the agent "${wanted.agent}" be asked without a question`
          : `The message leaves this machine for the agent "${wanted.agent}"`,
      plan: { ...wanted, url: table.url },
      pattern: { agent: wanted.agent, url: table.url },
      outward: true,
      run: () => this.#ask(wanted, table, context),
    };
  }

  async #ask(wanted: Wanted, table: A2aAgentTable, { signal, progress, sessionKey }: ToolContext): Promise<ToolResult> {
    const late = AbortSignal.timeout(table.timeout_ms ?? TIMEOUT_MS);
    const both = AbortSignal.any([signal, late]);
    let task: Task | undefined;
    let failed = 0;
    try {
      const client = await this.#open(wanted.agent, table, both);
      const answer = await client.sendMessage(request(wanted), { signal: both });
      if ("messageId" in answer) return await this.#result(wanted.agent, { message: answer }, sessionKey);
      task = answer;
      for (let wait = POLL_MS; goesOn(task); wait = Math.min(wait * 2, LONGEST_POLL_MS)) {
        progress(`${wanted.agent}: ${stateName(task)}`);
        await pause(wait, both);
        both.throwIfAborted();
        try {
          task = await client.getTask({ tenant: "", id: task.id }, { signal: both });
          failed = 0;
        } catch (thrown) {
          // The task goes on without us; what the agent itself says of it is final.
          if (both.aborted || thrown instanceof A2AError || ++failed === MOST_FAILED) throw thrown;
        }
      }
      return await this.#result(wanted.agent, { task }, sessionKey);
    } catch (thrown) {
      if (signal.aborted) {
        if (task) void this.#cancel(wanted.agent, table, task);
        throw signal.reason;
      }
      const known = task ? `; its task is ${task.id}` : "";
      if (late.aborted) return { ok: false, text: `Agent "${wanted.agent}" did not answer in time${known}` };
      if (thrown instanceof AlephError) throw explain(thrown, wanted.agent);
      const said = thrown instanceof A2AError ? `: ${thrown.message.slice(0, 2000)}` : "";
      return { ok: false, text: `Agent "${wanted.agent}" could not be asked${said}${known}`, untrusted: true };
    }
  }

  /** Nobody waits for it any more. That it ended meanwhile, or cannot be reached, is no matter of ours. */
  async #cancel(name: string, table: A2aAgentTable, { id }: Task): Promise<void> {
    const signal = AbortSignal.timeout(CANCEL_MS);
    try {
      const client = await this.#open(name, table, signal);
      await client.cancelTask({ tenant: "", id, metadata: undefined }, { signal });
    } catch {
      // The run has ended: there is nobody to be told.
    }
  }

  async #open(name: string, table: A2aAgentTable, signal: AbortSignal): Promise<Client> {
    const { url, token, network = [] } = table;
    const door = await this.#o.door([`connect:${new URL(url).origin}`, ...network]);
    const secret = token === undefined ? undefined : await this.#o.resolveSecret(token);
    const fetchImpl = through(door, { name, origin: new URL(url).origin, secret, signal });
    const legacyCompat = { enabled: true };
    const factory = new ClientFactory({
      transports: [
        new JsonRpcTransportFactory({ fetchImpl, legacyCompat }),
        new RestTransportFactory({ fetchImpl, legacyCompat }),
      ],
      cardResolver: new DefaultAgentCardResolver({ fetchImpl, legacyCompat }),
    });
    // The address of a card as it is, or of the agent that has one at the usual place.
    const isCard = url.endsWith(".json");
    return factory.createFromUrl(isCard ? url : `${url.replace(/\/+$/, "")}/`, isCard ? "" : CARD_PATH);
  }

  async #result(agent: string, answer: { task?: Task; message?: Message }, sessionKey: string): Promise<ToolResult> {
    const { task, message } = answer;
    const artifacts: readonly Pick<Artifact, "parts">[] = [
      ...(task?.artifacts ?? []),
      ...(task?.status?.message ? [task.status.message] : []),
      ...(message ? [message] : []),
    ];
    const parts = artifacts.flatMap((artifact) => artifact.parts);
    const media: MediaPart[] = [];
    for (const part of parts) {
      if (part.content?.$case !== "raw") continue;
      const mime = /^[a-z0-9.+_-]+\/[a-z0-9.+_-]+$/.test(part.mediaType) ? part.mediaType : "application/octet-stream";
      const name = part.filename === "" ? {} : { name: part.filename.slice(0, 255) };
      media.push(await this.#o.media.put(part.content.value, { mime, sessionKey, ...name }));
    }
    const text = parts.flatMap(textOf).join("\n\n").slice(0, MAX_TEXT);
    const ids = task
      ? [`Agent ${agent}, task_id ${task.id}, context_id ${task.contextId}: ${stateName(task)}`]
      : [`Agent ${agent}${message?.contextId ? `, context_id ${message.contextId}` : ""} says`];
    const isOk = task === undefined || !FAILED.has(task.status?.state ?? TaskState.TASK_STATE_UNSPECIFIED);
    return {
      ok: isOk,
      text: [...ids, text].join("\n\n").trim(),
      untrusted: true,
      ...(media.length > 0 ? { media } : {}),
    };
  }
}

const FAILED: ReadonlySet<TaskState> = new Set([TaskState.TASK_STATE_FAILED, TaskState.TASK_STATE_REJECTED]);

function goesOn({ status }: Task): boolean {
  return status?.state === TaskState.TASK_STATE_SUBMITTED || status?.state === TaskState.TASK_STATE_WORKING;
}

function stateName({ status }: Task): string {
  return taskStateToJSON(status?.state ?? TaskState.TASK_STATE_UNSPECIFIED)
    .replace("TASK_STATE_", "")
    .toLowerCase()
    .replaceAll("_", " ");
}

function textOf({ content }: Part): string[] {
  if (content?.$case === "text") return [content.value];
  if (content?.$case === "data") return [JSON.stringify(content.value)];
  if (content?.$case === "url") return [`File at ${content.value}`];
  return [];
}

function request({ message, task_id = "", context_id = "" }: Wanted) {
  return {
    tenant: "",
    message: {
      messageId: crypto.randomUUID(),
      contextId: context_id,
      taskId: task_id,
      role: Role.ROLE_USER,
      parts: [
        { content: { $case: "text" as const, value: message }, metadata: undefined, filename: "", mediaType: "" },
      ],
      metadata: undefined,
      extensions: [],
      referenceTaskIds: [],
    },
    configuration: {
      acceptedOutputModes: [],
      taskPushNotificationConfig: undefined,
      // The id of a task that takes long is known from its beginning, and no connection has to last as long as it does.
      returnImmediately: true,
    },
    metadata: undefined,
  };
}

interface Way {
  readonly name: string;
  /** Where the token may go. */
  readonly origin: string;
  readonly secret: string | undefined;
  readonly signal: AbortSignal;
}

/** `fetch` as the SDK calls it: through the door, with the token for the agent's own address only. */
function through(door: NetworkDoor, { name, origin, secret, signal }: Way): typeof fetch {
  const call = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const url = input instanceof Request ? input.url : String(input);
    const headers = new Headers(init.headers);
    if (secret !== undefined && new URL(url).origin === origin) headers.set("authorization", `Bearer ${secret}`);
    const outbound: OutboundRequest = {
      url,
      method: init.method ?? "GET",
      headers: [...headers],
      ...(typeof init.body === "string" ? { body: new TextEncoder().encode(init.body) } : {}),
    };
    const response = await door.fetch(outbound, init.signal ? AbortSignal.any([init.signal, signal]) : signal);
    return limited(response, name);
  };
  return Object.assign(call, { preconnect: () => {} });
}

function limited(response: Response, name: string): Response {
  let size = 0;
  const counted = response.body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.length;
        if (size <= MAX_ANSWER) controller.enqueue(chunk);
        else controller.error(new AlephError("payload_too_large", `Agent "${name}" answers with too much`));
      },
    }),
  );
  const { status, statusText, headers } = response;
  return new Response(counted ?? null, { status, statusText, headers });
}

function explain(error: AlephError, agent: string): AlephError {
  if (error.data.kind !== "network") return error;
  const target = String(error.data.target);
  return new AlephError("forbidden", `Agent "${agent}" leads to ${target}, which it may not`, {
    cause: error,
    data: { target, hint: `If that is right: network = ["connect:${target}"] in [a2a.agents.${agent}]` },
  });
}
