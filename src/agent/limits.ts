/** When a run has had enough: its own limits, and the budgets of whoever it is for. */
import type { Config } from "../config/schema.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Usage } from "../protocol/message.ts";
import type { Spender } from "../usage/budget.ts";
import type { Ledger } from "../usage/ledger.ts";

export interface Progress {
  readonly steps: number;
  readonly usage: Usage;
  readonly ms: number;
}

/** The error that ends the run, if it may not go on. */
export function limitReached(
  limits: Config["limits"]["run"],
  { steps, usage: { input, output, cost_usd }, ms }: Progress,
  usage: Pick<Ledger, "check">,
  spender: Spender,
): AlephError | undefined {
  const exceeded =
    steps >= limits.steps
      ? `${limits.steps} steps`
      : input + output >= limits.tokens
        ? `${limits.tokens} tokens`
        : cost_usd !== null && cost_usd >= limits.cost_usd
          ? `${limits.cost_usd} US dollars`
          : ms >= limits.time_ms
            ? `${limits.time_ms / 1000} seconds`
            : undefined;
  if (exceeded !== undefined) {
    return new AlephError("limit_reached", `The run reached its limit of ${exceeded}`, {
      data: { hint: "Send another message to go on, or raise [limits.run] in config.toml" },
    });
  }
  try {
    usage.check(spender);
    return undefined;
  } catch (thrown) {
    const { reason, message, data } = AlephError.from(thrown);
    if (reason !== "budget_exceeded") throw thrown;
    return new AlephError("limit_reached", message, { cause: thrown, data });
  }
}
