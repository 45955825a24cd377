/** Plays a recording: a provider, a toolbox and a person who steers, each with what was recorded of them. */
import type { LoopDeps } from "../agent/loop.ts";
import { type Difference, firstDifference } from "../lib/first-difference.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Breaker } from "../providers/models/breaker.ts";
import { Models, type ModelsOptions, type ResolvedModel } from "../providers/models.ts";
import type { EventHooks, HookContexts, Hooked, Hooks } from "../sdk/hook.ts";
import type { HookEvent } from "../sdk/plugin.ts";
import type { ModelInfo, ModelRequest, OpenProvider, StreamPart } from "../sdk/provider.ts";
import type { Line, RecordedError } from "./cassette.ts";
import type { Masking } from "./masking.ts";

/** Something that is not as it was recorded. */
export interface Deviation extends Difference {
  /** `request 2`, `tool call c1`. */
  readonly where: string;
}

export interface PlayerOptions {
  readonly lines: readonly Line[];
  readonly masking: Masking;
  /** What the models need besides; none of it is asked. */
  readonly models: Pick<ModelsOptions, "config" | "log">;
  /** Called when the recording is at its end, or where the call was cancelled. */
  readonly onEnd: () => void;
}

type LineOf<T extends Line["type"]> = Line & { readonly type: T };

export class Player {
  readonly deviations: Deviation[] = [];
  readonly #o: PlayerOptions;
  /** What happened one after the other; what only has to be looked up is not among it. */
  readonly #script: Line[];
  #at = 0;
  readonly #waiting = new Map<string, { progress: (text: string) => void; resolve: (line: LineOf<"tool">) => void }>();
  #playing = false;

  constructor(options: PlayerOptions) {
    this.#o = options;
    const facts = ["run", "order", "name", "unknown_name", "recall"];
    this.#script = options.lines.filter(({ type }) => !facts.includes(type));
  }

  get models(): LoopDeps["models"] {
    return new RecordedModels(this.#o, { open: (id) => this.#provider(id), allows: (id) => this.#allows(id) });
  }

  toolbox(real: LoopDeps["toolbox"]): LoopDeps["toolbox"] {
    return {
      workspace: (agent) => real.workspace(agent),
      specs: (agent, tools, which) => real.specs(agent, tools, which),
      call: async ({ callId, tool, args }, { progress = () => undefined }) => {
        const line = await this.#outcome(callId, progress);
        if (!line) {
          this.#deviate(`tool call ${callId}`, { path: "", a: undefined, b: { tool, args } });
          return { status: "unknown", text: "This call is not in the recording", durationMs: 0 };
        }
        const called = this.#o.masking.value({ tool, args });
        this.#deviate(`tool call ${callId}`, firstDifference({ tool: line.tool, args: line.args }, called));
        return line.outcome;
      },
    };
  }

  /** Those that had something to say when it was recorded. */
  get hooks(): Hooks {
    return {
      of: <E extends HookEvent>(event: E): EventHooks<E> | undefined => {
        const first = this.#o.lines.find((line) => line.type === "hook" && line.event === event);
        if (first?.type !== "hook") return undefined;
        return { decides: first.decides, run: async (context) => this.#hooked(event, context) };
      },
    };
  }

  /** What was recalled then, whatever is remembered now; after a restart it was recalled again. */
  get recall(): NonNullable<LoopDeps["recall"]> {
    const lines = this.#o.lines.filter((line) => line.type === "recall");
    return async () => (lines.length > 1 ? lines.shift() : lines[0])?.recalled;
  }

  takeSteered(): LineOf<"steered">["messages"] {
    const line = this.#script[this.#at];
    if (line?.type !== "steered") return [];
    this.#advance();
    return line.messages;
  }

  /** What of the recording nobody has asked for. */
  get left(): number {
    return this.#script.length - this.#at;
  }

  #hooked<E extends HookEvent>(event: E, context: HookContexts[E]): Hooked<E> {
    const line = this.#script[this.#at];
    if (line?.type !== "hook" || line.event !== event) {
      this.#deviate(`hook ${event}`, { path: "", a: line?.type, b: event });
      return { context, resolved: undefined };
    }
    this.#advance();
    if ("error" in line) throw thrownOf(line.error);
    return line.outcome as Hooked<E>;
  }

  #advance(): void {
    this.#at++;
    if (this.#at >= this.#script.length) this.#o.onEnd();
  }

  #deviate(where: string, difference: Difference | undefined): void {
    if (difference) this.deviations.push({ where, ...difference });
  }

  #allows(provider: string): boolean {
    const line = this.#script[this.#at];
    if (line?.type !== "paused" || line.provider !== provider) return true;
    this.#advance();
    return false;
  }

  #provider(id: string): OpenProvider {
    return {
      id,
      models: async () => [],
      takes: (model) => requestOf(this.#o.lines, id, model)?.takes ?? [],
      stream: (request) => this.#stream(id, request),
    };
  }

  async *#stream(provider: string, request: ModelRequest): AsyncGenerator<StreamPart, void, undefined> {
    const line = this.#nextRequest(provider);
    const asked = this.#o.masking.value({ provider, request });
    this.#deviate(`request ${line.call}`, firstDifference({ provider: line.provider, request: line.request }, asked));
    this.#at++;
    const ofCall = () => {
      const next = this.#script[this.#at];
      return next !== undefined && "call" in next && next.call === line.call ? next : undefined;
    };
    try {
      for (let next = ofCall(); next; next = ofCall()) {
        this.#advance();
        if (next.type === "part") yield next.part;
        if (next.type === "error") {
          if (next.error.reason === "cancelled") this.#o.onEnd();
          throw thrownOf(next.error);
        }
      }
    } finally {
      // Whoever asked reads no further than it needs to.
      while (ofCall()) this.#advance();
    }
  }

  /** In the order in which the calls ended, whatever order they are made in; nothing for a call that is not there. */
  #outcome(callId: string, progress: (text: string) => void): Promise<LineOf<"tool"> | undefined> {
    const isThere = this.#script.some((line, at) => at >= this.#at && line.type === "tool" && line.call_id === callId);
    if (!isThere) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<LineOf<"tool">>();
    this.#waiting.set(callId, { progress, resolve });
    if (!this.#playing) {
      this.#playing = true;
      setImmediate(() => this.#playTools());
    }
    return promise;
  }

  #playTools(): void {
    const [next] = this.#waiting.keys();
    if (next === undefined) {
      this.#playing = false;
      return;
    }
    let line = this.#script[this.#at];
    if (!isOfTool(line) || !this.#waiting.has(line.call_id)) {
      // What comes next in the recording nobody asks for any more: this call goes first.
      const at = this.#script.findIndex((each, index) => index >= this.#at && isOfTool(each) && each.call_id === next);
      line = this.#script.splice(at, 1)[0]!;
      this.#script.splice(this.#at, 0, line);
    }
    if (isOfTool(line)) {
      const call = this.#waiting.get(line.call_id)!;
      if (line.type === "progress") call.progress(line.text);
      else {
        this.#waiting.delete(line.call_id);
        call.resolve(line);
      }
    }
    this.#advance();
    // Whoever waited goes on first: what follows followed it then, too.
    setImmediate(() => this.#playTools());
  }

  /** Leaves out what nobody asked for. */
  #nextRequest(provider: string): LineOf<"request"> {
    const left = this.#script.slice(this.#at).findIndex(({ type }) => type === "request");
    const line = this.#script[this.#at + left];
    if (left > 0) this.#deviate("recording", { path: "", a: this.#script[this.#at], b: undefined });
    if (left >= 0 && line?.type === "request") {
      this.#at += left;
      return line;
    }
    this.#deviate(`request to ${provider}`, { path: "", a: this.#script[this.#at]?.type, b: "request" });
    throw new AlephError("conflict", "The recording has no such request", {
      data: { hint: "The run does not go the way it went when it was recorded" },
    });
  }
}

function isOfTool(line: Line | undefined): line is LineOf<"tool"> | LineOf<"progress"> {
  return line?.type === "tool" || line?.type === "progress";
}

/** The first that this model was sent: it says what was known of it. */
function requestOf(lines: readonly Line[], provider: string, model: string): LineOf<"request"> | undefined {
  const found = lines.find((line) => line.type === "request" && line.provider === provider && line.known.id === model);
  return found?.type === "request" ? found : undefined;
}

interface RecordedProviders {
  open(id: string): OpenProvider;
  allows(id: string): boolean;
}

/** Names and facts as they were; every provider is the recording. */
class RecordedModels extends Models {
  readonly #lines: readonly Line[];
  readonly #providers: RecordedProviders;

  constructor({ models, lines }: PlayerOptions, providers: RecordedProviders) {
    super({
      ...models,
      types: {},
      env: {},
      resolveSecret: async (value) => value,
      fetch: Object.assign(() => Promise.reject(new Error("a replay has no network")), { preconnect: () => undefined }),
    });
    this.#lines = lines;
    this.#providers = providers;
  }

  override order(wanted?: string): string[] {
    const line = this.#lines.find((each) => each.type === "order");
    return line ? [...line.refs] : super.order(wanted);
  }

  override async resolve(name: string): Promise<ResolvedModel> {
    for (const line of this.#lines) {
      if (line.type === "unknown_name" && line.name === name) throw thrownOf(line.error);
      if (line.type === "name" && line.name === name) {
        return { provider: line.provider, model: line.model, ref: `${line.provider}/${line.model}` };
      }
    }
    throw new AlephError("not_found", `Model ${JSON.stringify(name)} is not in the recording`);
  }

  override async open(id: string): Promise<OpenProvider> {
    return this.#providers.open(id);
  }

  override breaker(id: string): Breaker {
    return { ...super.breaker(id), allow: () => this.#providers.allows(id) };
  }

  override known(provider: string, model: string): ModelInfo {
    return requestOf(this.#lines, provider, model)?.known ?? { id: model };
  }
}

function thrownOf({ reason, message, data }: RecordedError): AlephError {
  return new AlephError(reason, message, { data: { ...data } });
}
