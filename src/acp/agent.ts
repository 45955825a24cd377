/** The agent for an editor: the Agent Client Protocol on one side, a server of Aleph on the other. */
import { isAbsolute, join } from "node:path";
import {
  type AgentApp,
  type AgentContext,
  agent,
  type LoadSessionResponse,
  methods,
  PROTOCOL_VERSION,
  type PromptRequest,
  type PromptResponse,
  RequestError,
  type SessionUpdate,
} from "@agentclientprotocol/sdk";
import { type Client, isTopic } from "../client/client.ts";
import { createId } from "../lib/id.ts";
import { isWithin } from "../lib/is-within.ts";
import { AlephError } from "../protocol/errors.ts";
import type { EventData, EventFrame } from "../protocol/events.ts";
import { type Message, THINKING_LEVELS, type ThinkingLevel } from "../protocol/message.ts";
import type { Run } from "../protocol/run.ts";
import { buildSessionKey, isBelow } from "../protocol/session-key.ts";
import { Permissions } from "./permissions.ts";
import { readPrompt } from "./prompt.ts";
import { agentsOf, DEFAULT, settingsOf } from "./settings.ts";
import { historyUpdates, type Locate, RunUpdates } from "./updates.ts";

export interface AcpOptions {
  readonly client: Client;
  /** The agent of new sessions; undefined: the one whose workspace the editor's folder is, else `main`. */
  readonly agent: string | undefined;
  readonly version: string;
  /** Something for a person: the editor shows or keeps it. */
  readonly warn: (text: string) => void;
  /** Resolves when the connection to the server is there again after a loss. */
  readonly connected: () => Promise<void>;
}

interface OpenSession {
  readonly key: string;
  readonly workspace: string | undefined;
  model: string | undefined;
  thinking: ThinkingLevel | undefined;
  /** The prompt that is being answered. */
  turn: Turn | undefined;
  /** The run that goes on, also while it waits for an answer. */
  runId: string | undefined;
}

interface Turn {
  readonly id: string;
  runId: string | undefined;
  /** Events of the session that came before the run's id. */
  readonly early: EventFrame[];
  readonly updates: RunUpdates;
  /** The model asks something: the turn ends, so that the person can answer. */
  readonly asked: PromiseWithResolvers<"asked">;
  readonly done: PromiseWithResolvers<void>;
  isCancelled: boolean;
}

const PATTERNS = ["stream.*", "agent.*", "approval.*", "question.*", "session.updated"];
const PAGE = 1000;
const LISTED = 50;
const INVALID_PARAMS = -32602;
const NOT_FOUND = -32002;
const INTERNAL = -32603;

export class AcpAgent implements Disposable {
  readonly #o: AcpOptions;
  readonly #sessions = new Map<string, OpenSession>();
  readonly #subscriptions: Disposable[] = [];
  #editor: AgentContext | undefined;
  #permissions: Permissions | undefined;
  #sent: Promise<unknown> = Promise.resolve();
  #isOver = false;

  private constructor(options: AcpOptions) {
    this.#o = options;
  }

  static async open(options: AcpOptions): Promise<AcpAgent> {
    const made = new AcpAgent(options);
    for (const pattern of PATTERNS) {
      made.#subscriptions.push(await options.client.subscribe(pattern, (event) => made.#receive(event)));
    }
    return made;
  }

  /** To be connected to one stream. */
  app(): AgentApp {
    const { client, warn, version } = this.#o;
    return agent({ name: "aleph" })
      .onConnect(({ client: editor }) => {
        this.#editor = editor;
        this.#permissions = new Permissions({ client, editor, warn });
      })
      .onRequest(methods.agent.initialize, () => ({
        protocolVersion: PROTOCOL_VERSION,
        agentInfo: { name: "aleph", title: "Aleph", version },
        // Who starts this process is let in by the server's own token.
        authMethods: [],
        agentCapabilities: {
          loadSession: true,
          promptCapabilities: { image: true, audio: true, embeddedContext: true },
          sessionCapabilities: { list: {}, resume: {} },
        },
      }))
      .onRequest(methods.agent.authenticate, () => ({}))
      .onRequest(methods.agent.session.new, ({ params }) => told(() => this.#create(params.cwd)))
      .onRequest(methods.agent.session.load, ({ params }) => told(() => this.#load(params.sessionId, true)))
      .onRequest(methods.agent.session.resume, ({ params }) => told(() => this.#load(params.sessionId, false)))
      .onRequest(methods.agent.session.list, ({ params }) => told(() => this.#list(params)))
      .onRequest(methods.agent.session.setConfigOption, ({ params }) =>
        told(() => this.#configure(params.sessionId, params.configId, String(params.value))),
      )
      .onRequest(methods.agent.session.prompt, ({ params, signal }) => told(() => this.#prompt(params, signal)))
      .onNotification(methods.agent.session.cancel, ({ params }) => this.#cancel(params.sessionId));
  }

  /** Ends what is under way; nothing is begun or tried again after it. */
  async stop(): Promise<void> {
    this.#isOver = true;
    const going = [...this.#sessions.values()].flatMap(({ turn }) => (turn ? [turn.done.promise] : []));
    await Promise.all([...this.#sessions.keys()].map((id) => this.#cancel(id)));
    // A run whose id was not known yet is stopped as soon as it is.
    await Promise.all(going);
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
  }

  async #create(cwd: string) {
    const { name, workspace } = await this.#agentFor(cwd);
    const key = buildSessionKey({ form: "chat", agent: name, id: createId("acp") });
    const session = this.#keep({
      key,
      workspace,
      model: undefined,
      thinking: undefined,
      turn: undefined,
      runId: undefined,
    });
    this.#announceCommands(key);
    return { sessionId: key, configOptions: await settingsOf(this.#o.client, session) };
  }

  async #load(sessionId: string, isReplayed: boolean): Promise<LoadSessionResponse> {
    const { client } = this.#o;
    const {
      session_key: key,
      agent: name,
      model,
      thinking,
    } = await client.call("session.get", { session_key: sessionId });
    const known = this.#sessions.get(key);
    const workspace = await this.#workspaceOf(name);
    const wanted = { model: model ?? undefined, thinking: thinking ?? undefined };
    const session = known ?? this.#keep({ key, workspace, ...wanted, turn: undefined, runId: undefined });
    if (isReplayed) {
      for (const update of historyUpdates(await this.#history(key), locateIn(workspace))) this.#update(key, update);
    }
    this.#announceCommands(key);
    const configOptions = await settingsOf(this.#o.client, session);
    // An editor takes the answer for the end of what was said (ACP, "Loading Sessions").
    await this.#sent;
    return { configOptions };
  }

  /** All of it, page by page from its end. */
  async #history(key: string): Promise<readonly Message[]> {
    const pages: (readonly Message[])[] = [];
    let before: string | undefined;
    do {
      const about = { session_key: key, limit: PAGE, ...(before === undefined ? {} : { before }) };
      const { messages, next } = await this.#o.client.call("session.history", about);
      pages.unshift(messages);
      before = next;
    } while (before !== undefined);
    return pages.flat();
  }

  async #list({ cwd, cursor }: { cwd?: string | null; cursor?: string | null }) {
    const { sessions, next } = await this.#o.client.call("session.list", {
      limit: LISTED,
      ...(cursor ? { before: cursor } : {}),
    });
    return {
      sessions: sessions.map(({ session_key, title, updated_at }) => ({
        sessionId: session_key,
        // A session belongs to no folder of the editor.
        cwd: cwd ?? "/",
        title,
        updatedAt: new Date(updated_at).toISOString(),
      })),
      ...(next === undefined ? {} : { nextCursor: next }),
    };
  }

  async #configure(sessionId: string, configId: string, value: string) {
    const session = this.#session(sessionId);
    if (configId === "model") {
      session.model = value === DEFAULT ? undefined : value;
    } else if (configId === "thinking") {
      const level = THINKING_LEVELS.find((each) => each === value);
      if (level === undefined && value !== DEFAULT)
        throw new AlephError("invalid_params", `There is no level "${value}"`);
      session.thinking = level;
    } else {
      throw new AlephError("invalid_params", `There is no option "${configId}"`);
    }
    return { configOptions: await settingsOf(this.#o.client, session) };
  }

  async #prompt({ sessionId, prompt }: PromptRequest, signal: AbortSignal): Promise<PromptResponse> {
    const session = this.#session(sessionId);
    if (session.turn) throw RequestError.invalidRequest(undefined, "A prompt of this session is being answered");
    const { message, attachments } = readPrompt(prompt);
    const turn = newTurn(new RunUpdates(locateIn(session.workspace)));
    session.turn = turn;
    const stop = () => void this.#cancel(sessionId);
    signal.addEventListener("abort", stop, { once: true });
    try {
      // Where the model waits for an answer this is it, and the run that asked goes on.
      const { run_id } = await this.#again(() =>
        this.#o.client.call("agent.run", {
          message,
          session_key: session.key,
          idempotency_key: turn.id,
          ...(attachments.length > 0 ? { attachments } : {}),
          ...(session.model === undefined ? {} : { model: session.model }),
          ...(session.thinking === undefined ? {} : { thinking: session.thinking }),
        }),
      );
      turn.runId = run_id;
      session.runId = run_id;
      for (const event of turn.early.splice(0)) this.#pass(session, turn, event);
      if (turn.isCancelled) await this.#o.client.call("agent.abort", { run_id });
      return await this.#answer(session, turn, run_id);
    } finally {
      signal.removeEventListener("abort", stop);
      session.turn = undefined;
      turn.done.resolve();
    }
  }

  async #answer(session: OpenSession, turn: Turn, runId: string): Promise<PromptResponse> {
    const end = await Promise.race([this.#ended(runId), turn.asked.promise]);
    // What was told before the end reaches the editor before the end does.
    await this.#sent;
    if (end === "asked") return { stopReason: turn.isCancelled ? "cancelled" : "end_turn" };
    session.runId = undefined;
    const { status, error } = end;
    if (status === "cancelled" || turn.isCancelled) return { stopReason: "cancelled" };
    if (status === "completed") return { stopReason: "end_turn" };
    if (error?.reason === "limit_reached") return { stopReason: "max_turn_requests" };
    const reason = error?.reason ?? status;
    throw new RequestError(INTERNAL, error?.message ?? "The server stopped while it worked on this", { reason });
  }

  async #ended(runId: string): Promise<Run> {
    for (;;) {
      const run = await this.#again(() => this.#o.client.call("runs.wait", { run_id: runId }));
      if (run.status !== "queued" && run.status !== "running") return run;
    }
  }

  /** What was on its way when the connection to the server was lost is said again. */
  async #again<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (thrown) {
        if (this.#isOver || !(thrown instanceof AlephError) || thrown.reason !== "cancelled") throw thrown;
        await this.#o.connected();
      }
    }
  }

  async #cancel(sessionId: string): Promise<void> {
    const session = this.#sessions.get(sessionId);
    if (session?.turn) session.turn.isCancelled = true;
    if (session?.runId === undefined) return;
    try {
      await this.#o.client.call("agent.abort", { run_id: session.runId });
    } catch (thrown) {
      this.#o.warn(`The run could not be stopped: ${(thrown as Error).message}`);
    }
  }

  #receive(event: EventFrame): void {
    if (isTopic(event, "approval.requested")) this.#ask(event.data);
    else if (isTopic(event, "approval.resolved")) this.#permissions?.close(event.data.approval_id);
    else this.#show(event);
  }

  #show(event: EventFrame): void {
    const key = "session_key" in event.data ? event.data.session_key : null;
    const session = typeof key === "string" ? this.#sessions.get(key) : undefined;
    if (!session) return;
    const { turn } = session;
    if (isTopic(event, "session.updated")) {
      const { title, updated_at } = event.data;
      const updatedAt = new Date(updated_at).toISOString();
      this.#update(session.key, { sessionUpdate: "session_info_update", title, updatedAt });
    } else if (turn && turn.runId === undefined) turn.early.push(event);
    else if (turn) this.#pass(session, turn, event);
  }

  #pass(session: OpenSession, turn: Turn, event: EventFrame): void {
    if (!("run_id" in event.data) || event.data.run_id !== turn.runId) return;
    for (const update of turn.updates.of(event)) this.#update(session.key, update);
    if (event.topic === "question.asked") turn.asked.resolve("asked");
  }

  /** A question of a subagent waits for the same person. */
  #ask(asked: EventData<"approval.requested">): void {
    const { session_key: key } = asked;
    if (key === null) return;
    const session = this.#sessions.get(key) ?? [...this.#sessions.values()].find((each) => isBelow(key, each.key));
    if (session) void this.#permissions?.ask(session.key, asked, locateIn(session.workspace));
  }

  /** One after the other, in the order in which they came. */
  #update(sessionId: string, update: SessionUpdate): void {
    const editor = this.#editor;
    if (!editor) return;
    this.#sent = this.#sent
      .then(() => editor.notify(methods.client.session.update, { sessionId, update }))
      .catch(() => "the editor has gone");
  }

  #announceCommands(sessionId: string): void {
    void this.#o.client.call("plugins.commands", {}).then(
      ({ commands }) => {
        if (commands.length === 0) return;
        const availableCommands = commands.map(({ word, description }) => ({
          name: word,
          description,
          input: { hint: "what it is given" },
        }));
        this.#update(sessionId, { sessionUpdate: "available_commands_update", availableCommands });
      },
      (thrown: unknown) => this.#o.warn(`Commands are not known: ${(thrown as Error).message}`),
    );
  }

  async #agentFor(cwd: string): Promise<{ readonly name: string; readonly workspace: string | undefined }> {
    const { agent: named } = this.#o;
    if (named !== undefined) return { name: named, workspace: await this.#workspaceOf(named) };
    const agents = await agentsOf(this.#o.client);
    const [name = "main"] = Object.entries(agents).find(([, { workspace }]) => isWithin(workspace, cwd)) ?? [];
    return { name, workspace: agents[name]?.workspace };
  }

  async #workspaceOf(name: string): Promise<string | undefined> {
    return (await agentsOf(this.#o.client))[name]?.workspace;
  }

  #session(sessionId: string): OpenSession {
    const session = this.#sessions.get(sessionId);
    if (!session) throw RequestError.resourceNotFound(sessionId);
    return session;
  }

  #keep(session: OpenSession): OpenSession {
    this.#sessions.set(session.key, session);
    return session;
  }
}

function newTurn(updates: RunUpdates): Turn {
  const asked = Promise.withResolvers<"asked">();
  const done = Promise.withResolvers<void>();
  return { id: crypto.randomUUID(), runId: undefined, early: [], updates, asked, done, isCancelled: false };
}

/** An editor wants whole paths; where the workspace is not known, what is there must do. */
function locateIn(workspace: string | undefined): Locate {
  return (path) => (isAbsolute(path) ? path : join(workspace ?? "/", path));
}

/** Our errors as the protocol has them. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof AlephError)) throw thrown;
    const { reason, message } = thrown;
    if (reason === "unauthenticated" || reason === "auth_failed") throw RequestError.authRequired({ reason }, message);
    const code = reason === "invalid_params" ? INVALID_PARAMS : reason === "not_found" ? NOT_FOUND : INTERNAL;
    throw new RequestError(code, message, { reason });
  }
}
