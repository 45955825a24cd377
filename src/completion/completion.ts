/** The service behind `/v1`: who answers a request, in which format it is asked, and what it cost. */
import type { Runner } from "../agent/runner.ts";
import type { Config } from "../config/schema.ts";
import type { Body, DialectFormat, ReplyHead, ReplyPart } from "../dialects/dialect.ts";
import { streamError } from "../dialects/errors.ts";
import { gather } from "../dialects/gather.ts";
import { dialects } from "../dialects/index.ts";
import { createId } from "../lib/id.ts";
import type { Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Usage } from "../protocol/message.ts";
import { priced, streamWithFailover } from "../providers/chain.ts";
import type { Models } from "../providers/models.ts";
import type { Bus } from "../sdk/bus.ts";
import type { Dialect, Forward } from "../sdk/provider.ts";
import type { Store } from "../sdk/store.ts";
import type { Ledger } from "../usage/ledger.ts";
import { agentNamed, runAgent } from "./agent-run.ts";
import { bytesSource, partsSource, type Told, vendorHeaders } from "./answer.ts";
import { Background } from "./background.ts";
import { type CompletionCall, checkBody, type SingleCall } from "./call.ts";
import { eventStream, type OpenedSource } from "./event-stream.ts";
import { type HandedOn, handOn, handOnDefaults, isFinal } from "./handed-on.ts";
import { Keeping } from "./keeping.ts";
import { StoredResponses } from "./stored-responses.ts";
import { readUsage } from "./usage-tail.ts";

export interface CompletionOptions {
  readonly models: Models;
  readonly runner: Pick<Runner, "start" | "stop">;
  readonly bus: Pick<Bus, "attach">;
  readonly usage: Pick<Ledger, "check" | "record">;
  readonly store: Store;
  readonly config: () => Config;
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

const ID: Readonly<Record<Dialect, string>> = { chat: "chatcmpl", messages: "msg", responses: "resp" };

export class Completion implements AsyncDisposable {
  /** What `/v1/responses` keeps. */
  readonly stored: StoredResponses;
  readonly background: Background;
  readonly #o: CompletionOptions;

  constructor(options: CompletionOptions) {
    this.#o = options;
    this.stored = new StoredResponses(options.store, options.now);
    this.background = new Background(this.stored, options.now);
  }

  /** The answer in the dialect of the call, streamed when the body says so. Throws `AlephError` before the first byte. */
  async complete(call: CompletionCall): Promise<Response> {
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
    const { models, agents } = this.#o.config();
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
    await this.background[Symbol.asyncDispose]();
  }

  async #complete(call: CompletionCall): Promise<Response> {
    const { sessionKey, grant, dialect, signal } = call;
    this.#o.usage.check({ identity: grant.identity.id, sessionKey });
    const began = this.#o.monotonic();
    const keeping = new Keeping(this.stored, call);
    if (call.body.stream !== true) return this.#whole(call, keeping, began);
    return eventStream(this.#open(call, keeping, began), { signal, fail: (error) => streamError(dialect, error) });
  }

  async #open(call: CompletionCall, keeping: Keeping, began: number): Promise<OpenedSource> {
    const answer = await this.#answer(call, keeping);
    if (answer.kind === "bytes") {
      const { handed } = answer;
      const keep: Uint8Array[] | undefined = keeping.wanted ? [] : undefined;
      return bytesSource(handed, {
        dialect: call.dialect,
        ...(keep === undefined ? {} : { keep }),
        onEnd: async (how, ends) => {
          this.#record(call, began, { ...handed.from, usage: this.#cost(handed, ends.usage()) });
          if (keep !== undefined && how === "sent")
            await keeping.keepEvents(Buffer.concat(keep).toString("utf8"), handed.from.provider);
        },
      });
    }
    return partsSource(answer.parts, {
      format: answer.format,
      head: (model) => this.#head(call, model),
      body: call.body,
      keep: keeping.wanted,
      onEnd: async (told, how, sent) => {
        if (!answer.counted) this.#record(call, began, told);
        if (how !== "hung_up") await keeping.keepEvents(sent, undefined);
      },
    });
  }

  async #whole(call: CompletionCall, keeping: Keeping, began: number): Promise<Response> {
    const answer = await this.#answer(call, keeping);
    if (answer.kind === "bytes") {
      const { handed } = answer;
      const bytes = await readAll(handed);
      this.#record(call, began, { ...handed.from, usage: this.#cost(handed, readUsage(call.dialect, bytes)) });
      if (keeping.wanted) await keeping.keep(JSON.parse(new TextDecoder().decode(bytes)), handed.from.provider);
      return new Response(bytes, { headers: { "content-type": "application/json", ...vendorHeaders(handed.headers) } });
    }
    const { format, parts, counted } = answer;
    const reply = await gather(parts);
    const told = { provider: "", model: "", ...reply.model, usage: reply.usage };
    if (!counted) this.#record(call, began, told);
    const body = format.reply(reply, this.#head(call, told.model), call.body);
    await keeping.keep(body, undefined);
    return Response.json(body);
  }

  /** Asks one after the other until somebody answers. Throws how the first of them failed, or what ends the asking. */
  async #answer(call: CompletionCall, keeping: Keeping): Promise<Answer> {
    const { models, runner, bus } = this.#o;
    const model = String(call.body.model);
    const agent = agentNamed(model);
    if (agent !== undefined) {
      const format = await dialects[call.dialect]();
      const parts = runAgent({ runner, bus }, call, agent, format.parse(keeping.expanded()));
      return { kind: "parts", format, counted: true, parts };
    }
    const refs = models.order(model);
    let failed: AlephError | undefined;
    for (const [index, ref] of refs.entries()) {
      try {
        const from = await models.resolve(ref, call.signal);
        const { forward } = await models.open(from.provider);
        const own: Forward | undefined = forward?.[call.dialect];
        if (own === undefined) return await this.#translate(call, keeping, refs.slice(index));
        if (!models.breaker(from.provider).allow() && index + 1 < refs.length) {
          this.#trace("failover", { ...from, failure: "paused" });
          continue;
        }
        const change = keeping.change(from.provider);
        const handed = await handOn(this.#handing(), { call, from, forward: own, change });
        return { kind: "bytes", handed };
      } catch (thrown) {
        const error = AlephError.from(thrown);
        if (call.signal.aborted || isFinal(error) || error.reason === "invalid_params") throw error;
        failed ??= error;
        if (index + 1 < refs.length) this.#trace("failover", { ref, failure: error.data.failure ?? error.reason });
      }
    }
    throw failed ?? new AlephError("no_provider", "No provider can answer now");
  }

  async #translate(call: CompletionCall, keeping: Keeping, refs: readonly string[]): Promise<Answer> {
    const format = await dialects[call.dialect]();
    const parts = streamWithFailover({
      models: this.#o.models,
      refs,
      request: format.parse(keeping.expanded()),
      signal: call.signal,
      onTrace: (kind, detail) => {
        if (kind !== "model") this.#trace(kind, detail);
      },
    });
    return { kind: "parts", format, counted: false, parts };
  }

  #handing() {
    return {
      models: this.#o.models,
      idleMs: (provider: string) => this.#o.config().providers[provider]?.idle_timeout_ms ?? 60_000,
      onTrace: (kind: "retry" | "failover", detail: Record<string, unknown>) => this.#trace(kind, detail),
      ...handOnDefaults,
    };
  }

  #trace(kind: "retry" | "failover", detail: Record<string, unknown>): void {
    this.#o.log.warn(kind === "retry" ? "a provider is asked again" : "another provider is asked", detail);
  }

  #head({ dialect }: CompletionCall, model: string): ReplyHead {
    return { id: createId(ID[dialect]), created: Math.floor(this.#o.now() / 1000), model };
  }

  #cost({ from }: HandedOn, tokens: Omit<Usage, "cost_usd"> | undefined): Usage | undefined {
    return tokens === undefined ? undefined : priced(tokens, this.#o.models.known(from.provider, from.model).price);
  }

  #record({ grant, credential, sessionKey, route }: CompletionCall, began: number, told: Told): void {
    const { provider, model, usage } = told;
    if (usage === undefined) return;
    const ms = this.#o.monotonic() - began;
    this.#o.usage.record({ identity: grant.identity.id, credential, sessionKey, route, provider, model, usage, ms });
  }
}

async function readAll(handed: HandedOn): Promise<Uint8Array<ArrayBuffer>> {
  const chunks = [handed.first];
  try {
    for (let chunk = await handed.next(); chunk !== undefined; chunk = await handed.next()) chunks.push(chunk);
    handed.close("sent");
  } catch (error) {
    handed.close("failed");
    throw error;
  }
  return chunks.length === 1 ? (handed.first as Uint8Array<ArrayBuffer>) : Buffer.concat(chunks);
}
