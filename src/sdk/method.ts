/** What a JSON-RPC method is. */
import type * as z from "zod";
import type { Log } from "../lib/log.ts";
import type { Grant, Scope } from "../protocol/identity.ts";
import type { Connection } from "./connection.ts";

/** One call in flight. */
export interface Call {
  /** Absent only in methods whose scope is `public`. */
  readonly grant: Grant | undefined;
  readonly connection: Connection;
  /** Aborts when the connection ends or the app stops. Ignoring it is a bug. */
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly traceId: string;
}

/** Which budget a call draws on: looking, changing, or starting a run. */
export type RateClass = "read" | "write" | "run";

/** What a guest may do with a method. */
export interface GuestRule {
  /** `session_key`: it is the guest's own session, named or not. `run_id`: a run of that session. Left out: it concerns neither. */
  readonly own?: "session_key" | "run_id";
  /** Params that are not for guests. */
  readonly without?: readonly string[];
}

export interface Method<Name extends string, P extends z.ZodType, R extends z.ZodType, Needs> {
  /** `domain.verb`; equal to the file's path below `methods/`. */
  readonly name: Name;
  /** One sentence without a full stop, for the reference and for help. */
  readonly summary: string;
  /**
   * What the caller must hold; `public` methods are the only ones that an unauthenticated connection may call, and those of
   * `node` the only others that a node may.
   */
  readonly scope: Scope | "public" | "node";
  /** Default: `read` for scopes `read` and `public`, else `write`. */
  readonly rate?: RateClass;
  /** Left out: guests may not call it, whatever their scopes. */
  readonly guest?: GuestRule;
  readonly params: P;
  readonly result: R;
  /**
   * `needs` names the services that this method uses and nothing else. Throws `AlephError` for what the caller can
   * understand; anything else is logged and answered as `internal`.
   */
  handle(needs: Needs, params: z.output<P>, call: Call): z.input<R> | Promise<z.input<R>>;
}

// biome-ignore lint/suspicious/noExplicitAny: `handle` is contravariant in what it needs; the sum is checked in app.ts
export type AnyMethod = Method<string, z.ZodType, z.ZodType, any>;

/** A method that is loaded when it is first called: schemas cost time and memory that a start should not pay. */
export type MethodLoader = () => Promise<AnyMethod>;

export function defineMethod<const Name extends string, P extends z.ZodType, R extends z.ZodType, Needs>(
  method: Method<Name, P, R, Needs>,
): Method<Name, P, R, Needs> {
  return method;
}
