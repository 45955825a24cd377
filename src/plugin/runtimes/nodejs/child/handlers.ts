/** Finds the function for a handler's name, calls it, and sends back what it gives. */
import type { Call, Initialize, More, Part } from "../messages.ts";
import type { DenialWatch } from "./denials.ts";
import type { Wire } from "./wire.ts";

type Handler = (args: unknown, context: unknown) => unknown;

interface Definition {
  readonly stop?: () => unknown;
}

interface Running {
  readonly abort: AbortController;
  /** Parts that may be sent. */
  credit: number;
  /** Waits for more of them. */
  resume: (() => void) | undefined;
  /** Whether the server has its answer. */
  isAnswered: boolean;
}

export class HandlerTable {
  readonly #wire: Wire;
  readonly #denials: DenialWatch;
  readonly #running = new Map<number, Running>();
  readonly #found = new Map<string, Handler>();
  readonly #definitions: Definition[] = [];
  /** They, and the exports of the entry. */
  readonly #sources: object[] = [];
  #init: Initialize | undefined;

  constructor(wire: Wire, denials: DenialWatch) {
    this.#wire = wire;
    this.#denials = denials;
  }

  initialize(init: Initialize): void {
    this.#init = init;
  }

  /** What the plugin gave to `createServer`. */
  serve(definition: Definition): void {
    this.#definitions.push(definition);
    this.#addSource(definition);
  }

  /** The exports of its entry. */
  add(module: object): void {
    this.#addSource(module);
  }

  get isServing(): boolean {
    return this.#definitions.length > 0;
  }

  async stop(): Promise<void> {
    for (const definition of this.#definitions) {
      try {
        await definition.stop?.();
      } catch (thrown) {
        console.error("stop() failed:", thrown);
      }
    }
  }

  /** Handlers of the manifest that are nowhere. */
  missing(): string[] {
    return Object.keys(this.#init?.places ?? {}).filter((name) => !this.#find(name));
  }

  async call({ handler: name, args, context, stream }: Call, id: number): Promise<void> {
    const running: Running = { abort: new AbortController(), credit: 0, resume: undefined, isAnswered: false };
    this.#running.set(id, running);
    try {
      const handler = this.#find(name);
      if (!handler) throw new Error(`The plugin has no handler "${name}"`);
      const result = await handler(args, { ...context, signal: running.abort.signal });
      if (stream) await this.#stream(id, running, result);
      else this.#answer(id, running, isIterator(result) ? await Array.fromAsync(result) : result);
    } catch (thrown) {
      this.#denials.note(thrown);
      this.#fail(id, running, messageOf(thrown), "handler");
    } finally {
      this.#running.delete(id);
    }
  }

  /** Answers at once: that shows the server that the code does not hang. */
  cancel({ id }: { readonly id: number }): void {
    const running = this.#running.get(id);
    if (!running) return;
    running.abort.abort(new DOMException("The call was cancelled", "AbortError"));
    this.#fail(id, running, "The call was cancelled", "cancelled");
    running.resume?.();
  }

  more({ id, count }: More): void {
    const running = this.#running.get(id);
    if (!running) return;
    running.credit += count;
    running.resume?.();
  }

  #addSource(source: object): void {
    this.#sources.push(source);
    this.#found.clear();
  }

  #find(name: string): Handler | undefined {
    const known = this.#found.get(name);
    if (known) return known;
    const places = this.#init?.places ?? {};
    for (const source of this.#sources) {
      const found = findIn(source, name, Object.hasOwn(places, name) ? places[name]! : []);
      if (!found) continue;
      this.#found.set(name, found);
      return found;
    }
    return undefined;
  }

  async #stream(id: number, running: Running, result: unknown): Promise<void> {
    for await (const value of isIterator(result) || Array.isArray(result) ? result : [result]) {
      while (running.credit === 0 && !running.isAnswered) {
        await new Promise<void>((resolve) => {
          running.resume = resolve;
        });
      }
      if (running.isAnswered) return;
      running.credit--;
      const part: Part = { id, value: value ?? null };
      this.#wire.notify("part", part);
    }
    this.#answer(id, running, null);
  }

  #answer(id: number, running: Running, value: unknown): void {
    if (running.isAnswered) return;
    const text = toJson(value);
    const { maxAnswer } = this.#init!;
    if (text.length > maxAnswer) {
      this.#fail(id, running, `The answer is larger than ${maxAnswer} characters`, "too_large");
      return;
    }
    running.isAnswered = true;
    this.#wire.answer(id, `{"value":${text}}`);
  }

  #fail(id: number, running: Running, message: string, code: string): void {
    if (running.isAnswered) return;
    running.isAnswered = true;
    this.#wire.fail(id, message.slice(0, 10_000), { code });
  }
}

/** The groups of `createServer` whose handlers may be named as the manifest names them. */
const GROUPS = ["handlers", "tools", "hooks", "commands", "services", "channels", "providers", "routes"];

function findIn(source: object, name: string, places: readonly (readonly string[])[]): Handler | undefined {
  const paths = [...GROUPS.map((group) => [group, name]), ...places, [name], ["default", name]];
  for (const path of paths) {
    let at: unknown = source;
    let owner: unknown;
    for (const step of path) {
      owner = at;
      at = isObject(at) && hasOwn(at, step) ? at[step] : undefined;
    }
    if (typeof at === "function") return (at as Handler).bind(owner);
  }
  return undefined;
}

/** Methods of a class instance count as its own; what every object has does not. */
function hasOwn(object: Record<string, unknown>, name: string): boolean {
  return name in object && !(name in Object.prototype);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isIterator(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  return isObject(value) && (Symbol.asyncIterator in value || "next" in value);
}

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch (thrown) {
    throw new Error(`What the handler returned cannot be written as JSON: ${messageOf(thrown)}`, { cause: thrown });
  }
}

export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name;
  return isObject(thrown) && typeof thrown.message === "string" ? thrown.message : String(thrown);
}
