/** Frames in, answers out: takes JSON-RPC 2.0 apart, sends each request through the pipeline, puts the answers together. */
import { describeError, type Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import {
  failure,
  idOf,
  MAX_BATCH,
  parseFrame,
  parseRequest,
  type Request,
  type Response,
  success,
} from "../protocol/jsonrpc.ts";
import type { AnyMethod, MethodLoader } from "../sdk/method.ts";
import type { GatewayConnection } from "./connection.ts";
import { compose, type Exchange, type Middleware } from "./pipeline.ts";

/** The text of the answer; undefined where none is due (notifications). */
export type Dispatch = (
  frame: string,
  connection: GatewayConnection,
  signal: AbortSignal,
) => Promise<string | undefined>;

export interface DispatchOptions<Needs> {
  readonly methods: Readonly<Record<string, MethodLoader>>;
  readonly needs: Needs;
  /** Outermost first. */
  readonly middleware: readonly Middleware[];
  readonly log: Log;
}

/** Other names that a method is called by. */
const ALIASES: Readonly<Record<string, string>> = { connect: "auth.connect" };

export function createDispatch<Needs>({ methods, needs, middleware, log }: DispatchOptions<Needs>): Dispatch {
  const loaded = new Map<string, AnyMethod>();
  const run = compose(middleware, ({ method, params, call }) => method!.handle(needs, params, call));
  let requests = 0;

  async function load(name: string): Promise<AnyMethod | undefined> {
    const loader = Object.hasOwn(methods, name) ? methods[name] : undefined;
    const method = await loader?.();
    if (method) loaded.set(name, method);
    return method;
  }

  async function answer(
    value: unknown,
    connection: GatewayConnection,
    signal: AbortSignal,
  ): Promise<Response | undefined> {
    let request: Request;
    try {
      request = parseRequest(value);
    } catch (error) {
      return failure(idOf(value), error);
    }
    const wanted = ALIASES[request.method] ?? request.method;
    const traceId = `${connection.id}.${++requests}`;
    let response: Response;
    try {
      const method = loaded.get(wanted) ?? (await load(wanted));
      const exchange: Exchange = {
        name: request.method,
        method,
        params: request.params ?? {},
        call: { grant: connection.grant, connection, signal, log, traceId },
      };
      response = success(request.id ?? null, await run(exchange));
    } catch (thrown) {
      const error = AlephError.from(thrown);
      if (error.reason === "internal")
        log.error("request failed", { method: wanted, trace: traceId, ...describeError(thrown) });
      if (error.reason === "auth_failed") setTimeout(() => connection.refuse(), 0);
      response = failure(request.id ?? null, error);
    }
    return request.id === undefined ? undefined : response;
  }

  return async (frame, connection, signal) => {
    let value: unknown;
    try {
      value = parseFrame(frame);
    } catch (error) {
      return JSON.stringify(failure(null, error));
    }
    if (!Array.isArray(value)) {
      const response = await answer(value, connection, signal);
      return response && JSON.stringify(response);
    }
    if (value.length === 0)
      return JSON.stringify(failure(null, new AlephError("invalid_request", "A batch must not be empty")));
    if (value.length > MAX_BATCH) {
      return JSON.stringify(failure(null, new AlephError("invalid_request", `A batch may hold ${MAX_BATCH} requests`)));
    }
    const responses = await Promise.all(value.map((item) => answer(item, connection, signal)));
    const due = responses.filter((response) => response !== undefined);
    return due.length > 0 ? JSON.stringify(due) : undefined;
  };
}
