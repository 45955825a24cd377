/** A command that is one call: its result for a program as it is, for a person in words. */
import type { MethodName, Params, Result } from "../client/client.ts";
import type { Invocation } from "./command.ts";
import { type ConnectionOptions, withClient } from "./connection.ts";
import { EXIT } from "./exit-codes.ts";
import type { ServerFlags } from "./flags.ts";
import { writeJson } from "./output.ts";
import type { Terminal } from "./terminal.ts";

export interface Asked<M extends MethodName> {
  readonly method: M;
  readonly params: Params<M>;
  /** For a person; not called with --json. */
  readonly tell: (result: Result<M>, terminal: Terminal) => void;
  /** Whether it came out as wanted, for the exit code. Default: it did. */
  readonly isGood?: (result: Result<M>) => boolean;
  readonly options?: ConnectionOptions;
}

/** Answers with the exit code. Throws `AlephError`. */
export function oneCall<M extends MethodName>(
  args: ServerFlags & { readonly json?: boolean | undefined },
  invocation: Invocation,
  { method, params, tell, isGood = () => true, options = {} }: Asked<M>,
): Promise<number> {
  const { terminal } = invocation;
  return withClient(
    args,
    invocation,
    async ({ client }) => {
      const result = await client.call(method, params);
      if (args.json) writeJson(terminal.out, result);
      else tell(result, terminal);
      return isGood(result) ? EXIT.ok : EXIT.failure;
    },
    options,
  );
}

/** Of what lives in a running server alone. */
export const SERVER_ONLY: ConnectionOptions = { serverOnly: true };
