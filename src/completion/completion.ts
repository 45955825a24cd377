/** The service behind `/v1`: who answers a request, in which format it is asked, and what it cost. */

import type { Runner } from "../agent/runner.ts";
import type { Config } from "../config/schema.ts";
import type { Body, DialectFormat, ReplyHead, ReplyPart } from "../dialects/dialect.ts";
import { streamError } from "../dialects/errors.ts";
import { gather } from "../dialects/gather.ts";
import { dialects } from "../dialects/index.ts";
import { createDeadlines } from "../lib/deadlines.ts";
import { createId } from "../lib/id.ts";
import type { Log } from "../lib/log.ts";
import type { MediaLinks } from "../media/links.ts";
import type { Media } from "../media/media.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Usage } from "../protocol/message.ts";
import { priced, streamWithFailover } from "../providers/chain.ts";
import type { Models } from "../providers/models.ts";
import type { Bus } from "../sdk/bus.ts";
import type { Dialect } from "../sdk/provider.ts";
import { DATA_HEADERS } from "../sdk/route.ts";
import type { Store } from "../sdk/store.ts";
import { endSession, type SessionEnd } from "../session/end-session.ts";
import type { TakeRun } from "../session/run-limit.ts";
import type { Ledger, UsageEntry } from "../usage/ledger.ts";
import { agentNamed, runAgent } from "./agent-run.ts";
import { bytesSource, partsSource, type Told, withVendorHeaders } from "./answer.ts";
import { Background } from "./background.ts";
import { type CompletionCall, checkBody, type SingleCall } from "./call.ts";
import { EVENT_HEADERS, eventStream, type OpenedSource } from "./event-stream.ts";
import { type HandedOn, type HandOnOptions, handOn, handOnDefaults, isFinal, type Wanted } from "./handed-on.ts";
import { Keeping } from "./keeping.ts";
import { StoredResponses } from "./stored-responses.ts";
import { UnnamedSessions } from "./unnamed-sessions.ts";
import { readUsage } from "./usage-tail.ts";

export interface CompletionOptions {
  readonly models: Models;
  readonly runner: Pick<Runner, "start" | "stop" | "stopSession">;
  readonly sessions: SessionEnd["sessions"];
  readonly takeRun: TakeRun;
  readonly bus: Pick<Bus, "attach" | "publish">;
  readonly usage: Pick<Ledger, "check" | "record" | "recordLater">;
  readonly store: Store;
  readonly media: Pick<Media, "put">;
  readonly mediaLinks: Pick<MediaLinks, "sign">;
  readonly config: () => Config;
  /** The config with the agents of files, which are looked at each time. */
  readonly withAgents: () => Pick<Config, "agents">;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Milliseconds that only grow. */
  readonly monotonic: () => number;
}

/** A name that `model` may have. */
export interface KnownModel {
  readonly id: string;
  readonly owner: string;
  readonly name: string;
}

type Answer =
  | { readonly kind: "bytes"; readonly handed: HandedOn }
  | {
      readonly kind: "parts";
      readonly parts: AsyncGenerator<ReplyPart, void, undefined>;
      readonly format: DialectFormat;
      /** Whether it is counted where it is made. */
      readonly counted: boolean;
    };

type Found = NonNullable<ReturnType<Models["ready"]>>;

const JSON_HEADERS = { "content-type": "application/json", ...DATA_HEADERS };
const ID: Readonly<Record<Dialect, string>> = { chat: "chatcmpl", messages: "msg", responses: "resp" };

export class Completion implements AsyncDisposable {
  /** What `/v1/responses` keeps. */
  readonly stored: StoredResponses;
  readonly background: Background;
  readonly #o: CompletionOptions;
  readonly #handing: HandOnOptions;
  readonly #unnamed: UnnamedSessions;
  readonly #deadlines = createDeadlines();
  /** Made once: of an object they would be made for each answer. */
  readonly #headers = { json: new Headers(JSON_HEADERS), events: new Headers(EVENT_HEADERS) };

  constructor(options: CompletionOptions) {
    this.#o = options;
    this.#handing = {
      models: options.models,
      idleMs: (provider) => options.config().providers[provider]?.idle_timeout_ms ?? 60_000,
      onTrace: (kind, detail) => this.#trace(kind, detail),
      ...handOnDefaults(),
    };
    this.stored = new StoredResponses(options.store, options.now);
    this.background = new Background(this.stored, options.now, options.log);
    this.#unnamed = new UnnamedSessions({ ...options, end: (sessionKey) => endSession(options, sessionKey) });
  }

  /** The answer in the dialect of the call, streamed when the body says so. Throws `AlephError` before the first byte. */
  complete(call: CompletionCall): Promise<Response> {
    checkBody(call.dialect, call.body);
    const isBackground = call.dialect === "responses" && call.body.background === true;
    return isBackground ? this.background.start(call, (own) => this.#complete(own)) : this.#complete(call);
  }

  /** `/v1/embeddings`. */
  async embed(call: SingleCall, body: Body): Promise<Response> {
    return (await import("./single-calls.ts")).embed(this.#o, call, body);
  }

  /** `/v1/images/generations`. */
  async generateImages(call: SingleCall, body: Body): Promise<Response> {
    return (await import("./single-calls.ts")).generateImages(this.#o, call, body);
  }

  /** `/v1/audio/transcriptions`. */
  async transcribe(call: SingleCall, form: FormData): Promise<Response> {
    return (await import("./single-calls.ts")).transcribe(this.#o, call, form);
  }

  /** What clients may name as `model`: of all providers, the aliases and the agents. */
  async models(signal: AbortSignal): Promise<readonly KnownModel[]> {
    const { models } = this.#o.config();
    const { agents } = this.#o.withAgents();
    const { models: listed } = await this.#o.models.list(signal);
    const named = ["aleph", ...Object.keys(agents).map((agent) => `aleph/${agent}`), ...Object.keys(models.aliases)];
    return [
      ...listed.map(({ ref, provider, name }) => ({ id: ref, owner: provider, name: name ?? ref })),
      ...named.map((id) => ({ id, owner: "aleph", name: id })),
    ];
  }

  /** Throws `not_found`. */
  async model(id: string, signal: AbortSignal): Promise<KnownModel> {
    const known = await this.models(signal);
    const found = known.find((model) => model.id === id);
    if (found !== undefined) return found;
    const { ref } = await this.#o.models.resolve(id, signal);
    const meant = known.find((model) => model.id === ref);
    if (meant === undefined) throw new AlephError("not_found", `Model ${JSON.stringify(id)} is not known`);
    return { ...meant, id };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unnamed[Symbol.dispose]();
    await this.background[Symbol.asyncDispose]();
  }

  #complete(call: CompletionCall): Promise<Response> {
    const { sessionKey, grant, dialect, signal } = call;
    this.#o.usage.check({ identity: grant.identity.id, sessionKey });
    const began = this.#o.monotonic();
    const keeping = dialect === "responses" ? new Keeping(this.stored, call) : undefined;
    if (call.body.stream !== true) return this.#whole(call, keeping, began);
    const fail = (error: AlephError) => streamError(dialect, error);
    return eventStream(this.#open(call, keeping, began), { signal, deadlines: this.#deadlines, fail });
  }

  async #open(call: CompletionCall, keeping: Keeping | undefined, began: number): Promise<OpenedSource> {
    const answer = await this.#answer(call, keeping);
    if (answer.kind === "bytes") {
      const { handed } = answer;
      const keep: Uint8Array[] | undefined = keeping?.wanted ? [] : undefined;
      return bytesSource(handed, {
        dialect: call.dialect,
        keep,
        headers: this.#headers.events,
        onEnd: async (how, ends) => {
          const ms = this.#o.monotonic() - began;
          this.#record(call, { ...handed.from, usage: this.#cost(handed, ends.usage()) }, ms);
          if (keep !== undefined && how === "sent")
            await keeping?.keepEvents(Buffer.concat(keep).toString("utf8"), handed.from.provider);
        },
      });
    }
    return partsSource(answer.parts, {
      format: answer.format,
      head: (model) => this.#head(call, model),
      body: call.body,
      keep: keeping?.wanted ?? false,
      onEnd: async (told, how, sent) => {
        if (!answer.counted) this.#record(call, told, this.#o.monotonic() - began);
        if (how !== "hung_up") await keeping?.keepEvents(sent, undefined);
      },
    });
  }

  async #whole(call: CompletionCall, keeping: Keeping | undefined, began: number): Promise<Response> {
    const answer = await this.#answer(call, keeping);
    if (answer.kind === "bytes" && !keeping?.wanted) return this.#wholeBytes(call, answer.handed, began);
    return this.#gathered(call, answer, keeping, began);
  }

  #wholeBytes(call: CompletionCall, handed: HandedOn, began: number): Response {
    handed.close("sent");
    const ms = this.#o.monotonic() - began;
    this.#o.usage.recordLater({
      read: () =>
        this.#entry(call, { ...handed.from, usage: this.#cost(handed, readUsage(call.dialect, handed.first)) }, ms),
    });
    const headers = withVendorHeaders(this.#headers.json, handed.headers);
    return new Response(handed.first as Uint8Array<ArrayBuffer>, { headers });
  }

  async #gathered(
    call: CompletionCall,
    answer: Answer,
    keeping: Keeping | undefined,
    began: number,
  ): Promise<Response> {
    if (answer.kind === "bytes") {
      const { handed } = answer;
      const response = this.#wholeBytes(call, handed, began);
      await keeping?.keep(JSON.parse(new TextDecoder().decode(handed.first)), handed.from.provider);
      return response;
    }
    const { format, parts, counted } = answer;
    const reply = await gather(parts);
    const told = { provider: "", model: "", ...reply.model, usage: reply.usage };
    if (!counted) this.#record(call, told, this.#o.monotonic() - began);
    const body = format.reply(reply, this.#head(call, told.model), call.body);
    await keeping?.keep(body, undefined);
    return Response.json(body);
  }

  /** Asks one after the other until somebody answers. Throws how the first of them failed, or what ends the asking. */
  #answer(call: CompletionCall, keeping: Keeping | undefined): Promise<Answer> {
    const model = String(call.body.model);
    const agent = agentNamed(model);
    return agent === undefined
      ? this.#ask(call, keeping, this.#o.models.order(model))
      : this.#run(call, keeping, agent);
  }

  async #run(call: CompletionCall, keeping: Keeping | undefined, agent: string): Promise<Answer> {
    const format = await dialects[call.dialect]();
    const parts = runAgent(
      { ...this.#o, unnamed: this.#unnamed },
      call,
      agent,
      format.parse(keeping?.expanded() ?? call.body),
    );
    return { kind: "parts", format, counted: true, parts };
  }

  /** `failed` is how the first of those before failed. */
  #ask(
    call: CompletionCall,
    keeping: Keeping | undefined,
    refs: readonly string[],
    failed?: AlephError,
  ): Promise<Answer> {
    const [ref] = refs;
    if (ref === undefined) {
      return Promise.reject(failed ?? new AlephError("no_provider", "No provider can answer now"));
    }
    const ready = this.#o.models.ready(ref);
    if (ready !== undefined) return this.#askOf(ready, call, keeping, refs, failed);
    return this.#find(ref, call.signal).then(
      (found) => this.#askOf(found, call, keeping, refs, failed),
      (thrown: unknown) => this.#askNext(thrown, call, keeping, refs, failed),
    );
  }

  async #find(ref: string, signal: AbortSignal): Promise<Found> {
    const { models } = this.#o;
    const from = await models.resolve(ref, signal);
    return { from, provider: await models.open(from.provider) };
  }

  async #askOf(
    { from, provider }: Found,
    call: CompletionCall,
    keeping: Keeping | undefined,
    refs: readonly string[],
    failed: AlephError | undefined,
  ): Promise<Answer> {
    const forward = provider.forward?.[call.dialect];
    if (forward === undefined) return this.#translate(call, keeping, refs);
    let change: Wanted["change"];
    try {
      change = keeping?.change(from.provider);
    } catch (thrown) {
      return this.#askNext(thrown, call, keeping, refs, failed);
    }
    // Nothing may come between this and the request: whoever is let through has to say how it went.
    if (!this.#o.models.breaker(from.provider).allow() && refs.length > 1) {
      this.#trace("failover", { ...from, failure: "paused" });
      return this.#ask(call, keeping, refs.slice(1), failed);
    }
    try {
      return { kind: "bytes", handed: await handOn(this.#handing, { call, from, forward, change }) };
    } catch (thrown) {
      return this.#askNext(thrown, call, keeping, refs, failed);
    }
  }

  #askNext(
    thrown: unknown,
    call: CompletionCall,
    keeping: Keeping | undefined,
    refs: readonly string[],
    failed: AlephError | undefined,
  ): Promise<Answer> {
    const error = AlephError.from(thrown);
    if (call.signal.aborted || isFinal(error) || error.reason === "invalid_params") return Promise.reject(error);
    if (refs.length > 1) {
      this.#trace("failover", { ref: refs[0], failure: error.data.failure ?? error.reason });
    }
    return this.#ask(call, keeping, refs.slice(1), failed ?? error);
  }

  async #translate(call: CompletionCall, keeping: Keeping | undefined, refs: readonly string[]): Promise<Answer> {
    const format = await dialects[call.dialect]();
    const parts = streamWithFailover({
      models: this.#o.models,
      refs,
      request: format.parse(keeping?.expanded() ?? call.body),
      signal: call.signal,
      onTrace: (kind, detail) => {
        if (kind !== "model") this.#trace(kind, detail);
      },
    });
    return { kind: "parts", format, counted: false, parts };
  }

  #trace(kind: "retry" | "failover", detail: Record<string, unknown>): void {
    this.#o.log.warn(kind === "retry" ? "a provider is asked again" : "another provider is asked", detail);
    this.#o.bus.publish("provider.retried", { kind, detail });
  }

  #head({ dialect }: CompletionCall, model: string): ReplyHead {
    return { id: createId(ID[dialect]), created: Math.floor(this.#o.now() / 1000), model };
  }

  #cost({ from }: HandedOn, tokens: Omit<Usage, "cost_usd"> | undefined): Usage | undefined {
    return tokens === undefined ? undefined : priced(tokens, this.#o.models.price(from.provider, from.model));
  }

  #record(call: CompletionCall, told: Told, ms: number): void {
    const entry = this.#entry(call, told, ms);
    if (entry !== undefined) this.#o.usage.record(entry);
  }

  #entry({ grant, credential, sessionKey, route }: CompletionCall, told: Told, ms: number): UsageEntry | undefined {
    const { provider, model, usage } = told;
    if (usage === undefined) return undefined;
    return { identity: grant.identity.id, credential, sessionKey, route, provider, model, usage, ms };
  }
}
