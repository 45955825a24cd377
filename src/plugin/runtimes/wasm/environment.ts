/** What a module may ask of its host: Extism's functions, each with a bound of our own. */
import type { CallContext } from "@extism/extism";
import type { BlockBudget } from "./guest-memory.ts";
import { EXTISM, HTTP_MODULE } from "./module.ts";

export interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | undefined;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

export interface EnvironmentOptions {
  readonly budget: BlockBudget;
  /** Config values by name. */
  readonly config: (name: string) => string | undefined;
  readonly variables: Variables;
  /** Waits for the answer. Throws what the module is to be told. */
  readonly request: (request: HttpRequest) => HttpReply;
  readonly log: (level: "debug" | "info" | "warn" | "error", text: Uint8Array) => void;
  /** What the module gives as its output: the bytes are its own and may change. */
  readonly setOutput: (output: Uint8Array) => void;
}

/** Extism's variables: they outlive a call, and are all that does. */
const MAX_VARIABLES = 1024;
const MAX_VARIABLE_NAME = 1024;
const MAX_VARIABLE_BYTES = 8 * 1024 * 1024;

export class Variables {
  readonly #values = new Map<string, Uint8Array>();
  #bytes = 0;

  get(name: string): Uint8Array | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: Uint8Array): void {
    const before = this.#values.get(name);
    const bytes = this.#bytes - (before ? name.length + before.length : 0) + name.length + value.length;
    const count = this.#values.size + (before ? 0 : 1);
    if (name.length > MAX_VARIABLE_NAME || count > MAX_VARIABLES || bytes > MAX_VARIABLE_BYTES) {
      throw new Error("The module is over the limit of its variables");
    }
    this.#values.set(name, value);
    this.#bytes = bytes;
  }

  delete(name: string): void {
    const before = this.#values.get(name);
    if (before) this.#bytes -= name.length + before.length;
    this.#values.delete(name);
  }
}

/** Address, method and headers of a request, as text. */
const MAX_REQUEST_HEAD = 64 * 1024;

type HostFunctions = Readonly<Record<string, (context: CallContext, ...args: never[]) => unknown>>;

/** As Extism numbers them; modules ask so that they need not make lines that nobody reads. */
const DEBUG = 1;

/** What is not here stays as Extism has it. */
export function createEnvironment({ budget, config, variables, request, log, setOutput }: EnvironmentOptions) {
  const last = { status: 0, headers: "{}" };
  const keep = (context: CallContext, bytes: Uint8Array) => budget.make(bytes.length, () => context.store(bytes));
  const keepText = (context: CallContext, text: string) => keep(context, new TextEncoder().encode(text));
  const nameAt = (context: CallContext, address: bigint) => context.read(address)?.text();
  const free = (context: CallContext, address: bigint) => {
    // Detached, so that its memory is free at once and not when the engine gets round to it.
    if (context.length(address) > 0n) (context.read(address)?.arrayBuffer() as ArrayBuffer | undefined)?.transfer(0);
    budget.free(address);
  };
  /** Extism frees what was logged. */
  const logAt =
    (level: Parameters<typeof log>[0]) =>
    (context: CallContext, address: bigint): void => {
      if (context.length(address) === 0n) return;
      const text = context.read(address)?.bytes();
      if (text) log(level, text);
      free(context, address);
    };

  const extism = {
    alloc: (context, size: bigint) => budget.make(Number(size), () => context.alloc(size)),
    free,
    log_trace: logAt("debug"),
    log_debug: logAt("debug"),
    log_info: logAt("info"),
    log_warn: logAt("warn"),
    log_error: logAt("error"),
    get_log_level: () => DEBUG,
    output_set(context, address: bigint, length: bigint) {
      const block = context.read(address)?.bytes();
      const from = Number(BigInt.asUintN(48, address));
      const to = from + Number(length);
      if (!block || !(to <= block.length)) throw new Error("The module's output is outside of its memory");
      setOutput(block.subarray(from, to));
    },
    config_get(context, address: bigint) {
      const name = nameAt(context, address);
      const value = name === undefined ? undefined : config(name);
      return value === undefined ? 0n : keepText(context, value);
    },
    var_get(context, address: bigint) {
      const name = nameAt(context, address);
      const value = name === undefined ? undefined : variables.get(name);
      return value === undefined ? 0n : keep(context, value.slice());
    },
    var_set(context, address: bigint, valueAddress: bigint) {
      const name = nameAt(context, address);
      if (name === undefined) throw new Error("The module names no variable");
      if (valueAddress === 0n) return variables.delete(name);
      const value = context.read(valueAddress)?.bytes();
      if (!value) throw new Error("The module gives no value for its variable");
      variables.set(name, value.slice());
    },
  } satisfies HostFunctions;
  const http = {
    http_request(context, address: bigint, bodyAddress: bigint) {
      Object.assign(last, { status: 0, headers: "{}" });
      const asked = parseRequest(context.read(address)?.text() ?? "");
      const body = bodyAddress === 0n ? undefined : context.read(bodyAddress)?.bytes();
      const reply = request({ ...asked, body: hasNoBody(asked.method) ? undefined : body });
      Object.assign(last, { status: reply.status, headers: JSON.stringify(Object.fromEntries(reply.headers)) });
      return keep(context, reply.body);
    },
    http_status_code: () => last.status,
    http_headers: (context) => keepText(context, last.headers),
  } satisfies HostFunctions;
  return { [EXTISM]: extism, [HTTP_MODULE]: http };
}

function hasNoBody(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** Extism's `HttpRequest`; `header` is what older kits call `headers`. */
function parseRequest(text: string): Omit<HttpRequest, "body"> {
  const { url, method, headers, header } = JSON.parse(text) as Record<string, unknown>;
  if (typeof url !== "string") throw new Error("The module's HTTP request has no url");
  if (text.length > MAX_REQUEST_HEAD) throw new Error("The head of the module's HTTP request is too large");
  return {
    url,
    method: typeof method === "string" ? method.toUpperCase() : "GET",
    headers: Object.entries(headers ?? header ?? {}).map(([name, value]) => [name, String(value)] as const),
  };
}
