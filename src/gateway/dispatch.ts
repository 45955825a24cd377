/** Frames in, answers out: takes JSON-RPC 2.0 apart, sends each request through the pipeline, puts the answers together. */
import { describeError, type Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import { failure, idOf, MAX_BATCH, parseFrame, parseRequest, type Request, success } from "../protocol/jsonrpc.ts";
import type { AnyMethod, Call, MethodLoader } from "../sdk/method.ts";
import type { GatewayConnection } from "./connection.ts";
import { compose, type Middleware } from "./pipeline.ts";

/** The text of an answer; undefined where none is due (notifications). */
export type Answer = string | undefined;

/** Never throws or rejects. Answers at once where that is possible. */
export type Dispatch = (frame: string, connection: GatewayConnection, signal: AbortSignal) => Answer | Promise<Answer>;

export interface DispatchOptions<Needs> {
  readonly methods: Readonly<Record<string, MethodLoader>>;
  readonly needs: Needs;
  /** Outermost first. */
  readonly middleware: readonly Middleware[];
  readonly log: Log;
}

/** Requests of one connection that may be under way at the same time. */
const MAX_UNDER_WAY = 1000;

/**
 * Requests of a connection run side by side and are answered when they are done, in whatever order. Two with the same
 * id are two requests: both run, both are answered under that id. (JSON-RPC 2.0 gives the id to the client, to tell its
 * answers apart; an error under an id that is in use would be taken for the answer to the first.) Whoever wants one
 * run from two requests gives them an `idempotency_key`.
 */
export function createDispatch<Needs>({ methods, needs, middleware, log }: DispatchOptions<Needs>): Dispatch {
  const loaded = new Map<string, AnyMethod>();
  const run = compose(middleware, ({ method, params, call }) => method!.handle(needs, params, call));
  let requests = 0;

  function answer(value: unknown, connection: GatewayConnection, signal: AbortSignal): Answer | Promise<Answer> {
    if (connection.takeAnswer(value)) return undefined;
    let request: Request;
    try {
      request = parseRequest(value);
    } catch (error) {
      return failure(idOf(value), error);
    }
    const name = canonicalName(request.method);
    const call = new RunningCall(connection, signal, ++requests, name, log);
    try {
      if (connection.underWay >= MAX_UNDER_WAY) {
        throw new AlephError("overloaded", `${MAX_UNDER_WAY} requests of this connection are under way`, {
          data: { hint: "Wait for answers before asking more" },
        });
      }
      const method = loaded.get(name);
      const result =
        method || !Object.hasOwn(methods, name)
          ? perform(request, method, call)
          : load(name).then((found) => perform(request, found, call));
      return result instanceof Promise ? answerLater(request, result, call) : succeed(request, result);
    } catch (thrown) {
      return fail(request, thrown, call);
    }
  }

  function perform(request: Request, method: AnyMethod | undefined, call: RunningCall): unknown {
    return run({ name: request.method, method, params: request.params ?? {}, call });
  }

  async function answerLater(request: Request, result: Promise<unknown>, call: RunningCall): Promise<Answer> {
    call.connection.underWay++;
    try {
      return succeed(request, await result);
    } catch (thrown) {
      return fail(request, thrown, call);
    } finally {
      call.connection.underWay--;
    }
  }

  function fail(request: Request, thrown: unknown, call: RunningCall): Answer {
    const error = AlephError.from(thrown);
    // What nobody foresaw: a fault of ours, or a disk that failed under a read.
    if (error.reason === "internal" || error !== thrown) call.log.error("request failed", describeError(thrown));
    if (error.reason === "auth_failed") call.connection.refuse();
    return request.id === undefined ? undefined : failure(request.id, error);
  }

  async function load(name: string): Promise<AnyMethod> {
    const method = await methods[name]!();
    loaded.set(name, method);
    return method;
  }

  async function answerBatch(
    values: readonly unknown[],
    connection: GatewayConnection,
    signal: AbortSignal,
  ): Promise<Answer> {
    const answers: Answer[] = [];
    let rest = values;
    // What stands behind `connect` finds it done.
    while (!connection.grant && rest.length > 0) {
      answers.push(await answer(rest[0], connection, signal));
      rest = rest.slice(1);
    }
    answers.push(...(await Promise.all(rest.map((value) => answer(value, connection, signal)))));
    const due = answers.filter((text) => text !== undefined);
    return due.length > 0 ? `[${due.join(",")}]` : undefined;
  }

  return (frame, connection, signal) => {
    let value: unknown;
    try {
      value = parseFrame(frame);
    } catch (error) {
      return failure(null, error);
    }
    if (!Array.isArray(value)) return answer(value, connection, signal);
    if (value.length > 0 && value.length <= MAX_BATCH) return answerBatch(value, connection, signal);
    const problem = value.length === 0 ? "A batch must not be empty" : `A batch may hold ${MAX_BATCH} requests`;
    return failure(null, new AlephError("invalid_request", problem));
  };
}

/** `connect` is the short name of `auth.connect`. */
function canonicalName(name: string): string {
  return name === "connect" ? "auth.connect" : name;
}

function succeed({ id }: Request, result: unknown): Answer {
  return id === undefined ? undefined : success(id, result);
}

/** A class, so that a number and a log of its own are made only for those that use them. */
class RunningCall implements Call {
  readonly connection: GatewayConnection;
  readonly grant: Call["grant"];
  readonly signal: AbortSignal;
  readonly #number: number;
  readonly #method: string;
  readonly #log: Log;

  constructor(connection: GatewayConnection, signal: AbortSignal, number: number, method: string, log: Log) {
    this.connection = connection;
    this.grant = connection.grant;
    this.signal = signal;
    this.#number = number;
    this.#method = method;
    this.#log = log;
  }

  get traceId(): string {
    return `${this.connection.id}.${this.#number}`;
  }

  get log(): Log {
    return this.#log.child({ trace: this.traceId, method: this.#method });
  }
}
