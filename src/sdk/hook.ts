/**
 * What plugins are told at the five events, and what of it they may change.
 *
 * At each event the interceptors go first, one after the other by priority: each gets what the one before gave back, and a
 * throw blocks. Then the resolvers, one after the other: the first that gives a value has decided, the rest are not asked.
 * Then the observers, all at once, with what came out; nobody waits for them. Of a context only the field that is named
 * below may be changed; whatever else a handler gives back is left aside. Giving back nothing changes nothing.
 *
 * An interceptor that cannot be asked (it is too slow, its plugin has crashed, its answer is no context) blocks too: a check
 * is never skipped in silence. A resolver that fails is passed over and an observer that fails changes nothing; both are logged.
 *
 * Hooks may deny and change, never allow: the policy judges what came out of them.
 */
import type { ToolResultPart } from "../protocol/message.ts";
import type { HookEvent } from "./plugin.ts";

/** Where it happens; the first argument of a handler is this with the fields of its event. Plain JSON. */
export interface HookPlace {
  readonly agent: string;
  readonly sessionKey: string;
  /** Null for `tool.call` outside a run, and for a message that begins one. */
  readonly runId: string | null;
}

export interface BeforeToolCall extends HookPlace {
  readonly toolName: string;
  readonly callId: string;
  /**
   * Fit the tool's schema. An interceptor may change them: they are checked again, and are what the policy judges, the
   * person is shown and the tool gets. What a resolver gives is the result of the call, and the tool does not run.
   */
  readonly args: Readonly<Record<string, unknown>>;
}

/** After a call that ran, or that a resolver answered; not after one that was refused. */
export interface AfterToolCall extends HookPlace {
  readonly toolName: string;
  readonly callId: string;
  /** As the tool got them. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly status: ToolResultPart["status"];
  /** Milliseconds. */
  readonly duration: number;
  /**
   * The text for the model, of a failure too. An interceptor may change it, a resolver replaces it. When one blocks, the
   * model is told that the tool ran and that its result is withheld.
   */
  readonly result: string;
}

export interface OnMessage extends HookPlace {
  /** Who sent it: `owner`, the id of a device or guest. */
  readonly identity: string;
  /**
   * An interceptor may change it, before it is stored: history and model have what came out, and what was written is not
   * kept. A throw refuses the message. What a resolver gives is the answer, and no model is asked.
   */
  readonly message: string;
  readonly attachments: readonly { readonly mime: string; readonly name: string | null; readonly size: number }[];
}

/** For each reply that has text, before anyone has seen it; a run that calls tools may have several. */
export interface OnResponse extends HookPlace {
  /** An interceptor may change it, a resolver replaces it; the result is what is stored and shown. A throw fails the run. */
  readonly response: string;
  /** Whether no tool call follows. */
  readonly final: boolean;
}

/** When a run fails; not when it is cancelled. */
export interface OnError extends HookPlace {
  /** An interceptor may change `message`, a resolver's text replaces it; the run fails in any case, and a throw is only logged. */
  readonly error: { readonly reason: string; readonly message: string };
}

export interface HookContexts {
  readonly before_tool_call: BeforeToolCall;
  readonly after_tool_call: AfterToolCall;
  readonly on_message: OnMessage;
  readonly on_response: OnResponse;
  readonly on_error: OnError;
}

export interface Hooked<E extends HookEvent> {
  /** As the last interceptor left it. */
  readonly context: HookContexts[E];
  /** What the first resolver gave that had a value, as a text. */
  readonly resolved: { readonly plugin: string; readonly text: string } | undefined;
}

/** All hooks of one event. */
export interface EventHooks<E extends HookEvent> {
  /** Whether they may change or stop what happens; otherwise they only watch. */
  readonly decides: boolean;
  /**
   * Rejects with `forbidden` when an interceptor throws and `plugin_error` when one cannot be asked, both with
   * `data.plugin` and a message for the model and for people; with `cancelled` when `signal` aborted.
   */
  run(context: HookContexts[E], signal: AbortSignal): Promise<Hooked<E>>;
}

export interface Hooks {
  /** Undefined where there are none. A promise only until the plugins are read: who asks where nobody listens does not wait. */
  of<E extends HookEvent>(event: E): EventHooks<E> | undefined | Promise<EventHooks<E> | undefined>;
}
