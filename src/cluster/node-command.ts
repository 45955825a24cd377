/** What a node lets be called: one command, judged before it runs. */
import type * as z from "zod";
import type { Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import type { NodeAnswer } from "../protocol/node.ts";
import type { AnyTool, Prepared, ToolContext } from "../sdk/tool.ts";

export interface CommandContext {
  readonly sessionKey: string;
  readonly callId: string;
  /** Absolute, resolved. */
  readonly workspace: string;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Output as it comes. */
  onOutput(text: string): void;
}

export interface PreparedCommand extends Omit<Prepared, "run"> {
  /** What the digest is made of besides the plan: the arguments without what only carries content. */
  readonly bound: unknown;
  /** It changes nothing and tells nobody. */
  readonly looks: boolean;
  run(): Promise<NodeAnswer>;
}

export interface NodeCommand {
  /** `run` judges once more and reads its context only then: what was prepared for a judgement may be run in the call. */
  readonly judgesAgain?: true;
  /** Has no effect. Throws `AlephError` when the arguments cannot be used. */
  prepare(args: unknown, context: CommandContext): Promise<PreparedCommand>;
}

/** Throws `invalid_params` with all that is wrong. */
export function parseArgs<S extends z.ZodType>(command: string, schema: S, args: unknown): z.output<S> {
  const parsed = schema.safeParse(args);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the arguments"}: ${message}`);
  throw new AlephError(
    "invalid_params",
    `The arguments of "${command}" are not valid: ${wrong.slice(0, 5).join("; ")}`,
  );
}

/** A tool, run on this machine for somebody else. */
export function toolContext(context: CommandContext): ToolContext {
  const { sessionKey, callId, workspace, log } = context;
  return {
    workspace,
    agent: "main",
    sessionKey,
    runId: null,
    callId,
    // The center has asked its owner, or the owner's policy.
    identity: { id: "center", kind: "owner" },
    tainted: false,
    // Read when it runs: what was prepared for the judgement may run in a call.
    get signal() {
      return context.signal;
    },
    log,
    progress: (text) => context.onOutput(text),
  };
}

export interface ToolCommandOptions {
  readonly name: string;
  readonly tool: AnyTool;
  readonly params?: z.ZodType;
  readonly needs: object;
  readonly looks: (prepared: Prepared) => boolean;
}

export function toolCommand({ name, tool, params = tool.params, needs, looks }: ToolCommandOptions): NodeCommand {
  return {
    async prepare(args, context) {
      const input = parseArgs(name, params, args);
      const prepared = await tool.prepare(needs, input, toolContext(context));
      return {
        ...prepared,
        bound: input,
        looks: looks(prepared),
        async run() {
          const { ok, text } = await prepared.run();
          return { ok, text };
        },
      };
    },
  };
}
