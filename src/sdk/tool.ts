/** What a tool is: something that the model may call. */
import type * as z from "zod";
import type { Log } from "../lib/log.ts";
import type { Identity } from "../protocol/identity.ts";
import type { MediaPart } from "../protocol/message.ts";

export interface ToolContext {
  /** Absolute, resolved path of the agent's folder; a tool touches no file outside of it. */
  readonly workspace: string;
  readonly agent: string;
  readonly sessionKey: string;
  /** Null for `tool.call` outside a run. */
  readonly runId: string | null;
  readonly callId: string;
  readonly identity: Identity;
  /** Whether content from outside (`ToolResult.untrusted`) is in what the model has seen: then outward calls ask. */
  readonly tainted: boolean;
  /** Aborts when the run is aborted, or some time after it was cancelled; processes and requests end with it. */
  readonly signal: AbortSignal;
  /** Aborts with `signal`, and at once when the run is cancelled: what waits for a person ends then. Left out, it is `signal`. */
  readonly waiting?: AbortSignal;
  readonly log: Log;
  /** Live output for people who watch; not seen by the model. */
  progress(text: string): void;
}

/** What the model gets back. A failure is text for the model, not an exception. */
export interface ToolResult {
  readonly ok: boolean;
  readonly text: string;
  readonly media?: readonly MediaPart[];
  /** What a stranger may have written: a web page, a mail, what a plugin or another program says. The model is told so. */
  readonly untrusted?: true;
  /** Untrusted text that its owner lets guide the work, as a skill's: the model may follow it, and it allows nothing. */
  readonly guidance?: true;
  /** Not `ok`, and nobody can say whether it had its effect: it ran elsewhere, and the connection was lost. */
  readonly unknown?: true;
  /** For the rest of the run no tools but these are there; it never adds one. */
  readonly narrows?: readonly string[];
}

/** `allow` runs at once, `ask` waits for a person, `deny` never runs. */
export type Tier = "allow" | "ask" | "deny";

/**
 * One call, ready to run: what `plan` says is exactly what `run` does. The gate judges `tier`, shows `plan` and
 * `reason` to a person when it asks, and only then runs. A plan is plain JSON and complete: nothing is shortened.
 */
export interface Prepared {
  readonly tier: Tier;
  /** Why this tier; a sentence for the person and, when denied, for the model. */
  readonly reason: string;
  readonly plan: Readonly<Record<string, unknown>>;
  /** The rule that denied it, where it has a name. */
  readonly rule?: string;
  /**
   * What "always" allows, shown to the person as it is and all that is compared later; null: it is not offered; left out:
   * exactly this plan.
   */
  readonly pattern?: Readonly<Record<string, unknown>> | null;
  /**
   * It has an effect outside of the workspace or tells something to somebody: a request to the network, a message, a
   * file elsewhere. Allowed at once only while nothing from outside is in the run; then it asks.
   */
  readonly outward?: true;
  /** Its failures may be in a stranger's words, as its results are: what is thrown then counts as `ToolResult.untrusted`. */
  readonly untrusted?: true;
  /** May throw; the gate turns what is thrown into a failed result. */
  run(): Promise<ToolResult>;
}

export interface Tool<Name extends string, P extends z.ZodType, Needs> {
  readonly name: Name;
  /** For the model: what it does and when to use it. */
  readonly description: string;
  readonly params: P;
  /** Whether calls may run beside each other (reading); otherwise they run one after the other, in order. */
  readonly parallel: boolean;
  /** It reaches what is the owner's alone, such as other conversations: no invite gives it to a guest. */
  readonly ownerOnly?: true;
  /** Keys of the config (`models.image`) without which it is of no use: where one is not set, no model is told of it. */
  readonly requires?: readonly string[];
  /**
   * Resolves paths, parses commands, decides the tier; has no effect yet. Throws `AlephError` when the input cannot
   * be used, which the model sees as a failed call.
   */
  prepare(needs: Needs, input: z.output<P>, context: ToolContext): Prepared | Promise<Prepared>;
}

// biome-ignore lint/suspicious/noExplicitAny: `prepare` is contravariant in what it needs; the sum is checked in app.ts
export type AnyTool = Tool<string, z.ZodType, any>;

export function defineTool<const Name extends string, P extends z.ZodType, Needs = Record<never, never>>(
  tool: Tool<Name, P, Needs>,
): Tool<Name, P, Needs> {
  return tool;
}

/**
 * A tool that comes from outside of the executable: from a plugin, from another program. It goes through the same gate as
 * those that are built in, and what it answers is what a stranger says.
 */
export interface ForeignTool {
  /** Letters, digits, `_` and `-`, at most 64. A built-in tool of the same name goes first. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments object (2020-12, or draft-07 when `$schema` says so), as its author wrote it. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly parallel: boolean;
  /** As `Tool.prepare`; `args` fit `parameters`. */
  prepare(args: Readonly<Record<string, unknown>>, context: ToolContext): Prepared | Promise<Prepared>;
}

/** Where foreign tools come from. */
export interface ToolSource {
  /** Those that may be used now, in a stable order; the same objects until something about them changes. */
  tools(): Promise<readonly ForeignTool[]>;
}
