/** Budgets: how much of a day's tokens and money has been used, by all, by a session and by an identity. */
import type { Config } from "../config/schema.ts";
import { AlephError } from "../protocol/errors.ts";

export const BUDGETS = ["day", "session", "identity"] as const;
export type Budget = (typeof BUDGETS)[number];
export const UNITS = ["tokens", "cost_usd"] as const;
export type Unit = (typeof UNITS)[number];

/** Whom a reply is for. */
export interface Spender {
  readonly identity: string;
  readonly sessionKey?: string | undefined;
}

export type Spent = Readonly<Record<Unit, number>>;

/** One limit and how far it is used up. */
export interface BudgetState {
  readonly budget: Budget;
  readonly unit: Unit;
  readonly limit: number;
  readonly used: number;
  /** Unix milliseconds. */
  readonly resets_at: number;
}

type Limits = Config["limits"]["budget"];

/** Sums of one day. */
export class DaySums {
  readonly #sums = new Map<string, { tokens: number; cost_usd: number }>();

  add({ identity, sessionKey }: Spender, { tokens, cost_usd }: Spent): void {
    for (const name of [nameOf("day"), nameOf("identity", identity), nameOf("session", sessionKey)]) {
      if (name === undefined) continue;
      const sum = this.#sums.get(name);
      if (sum === undefined) this.#sums.set(name, { tokens, cost_usd });
      else {
        sum.tokens += tokens;
        sum.cost_usd += cost_usd;
      }
    }
  }

  of(budget: Budget, { identity, sessionKey }: Spender): Spent | undefined {
    const name = nameOf(budget, budget === "identity" ? identity : sessionKey);
    return name === undefined ? undefined : (this.#sums.get(name) ?? { tokens: 0, cost_usd: 0 });
  }
}

function nameOf(budget: Budget, name?: string): string | undefined {
  if (budget === "day") return budget;
  return name === undefined ? undefined : `${budget} ${name}`;
}

/** The limits that are set and concern the spender. */
export function budgetStates(limits: Limits, sums: DaySums, spender: Spender, resetsAt: number): BudgetState[] {
  return BUDGETS.flatMap((budget) => {
    const spent = sums.of(budget, spender);
    if (spent === undefined) return [];
    return UNITS.flatMap((unit) => {
      const limit = limits[budget][unit];
      return limit > 0 ? [{ budget, unit, limit, used: spent[unit], resets_at: resetsAt }] : [];
    });
  });
}

const WHOSE: Readonly<Record<Budget, string>> = {
  day: "The budget of the day",
  session: "The session's budget of the day",
  identity: "Your budget of the day",
};

export function budgetExceeded(state: BudgetState, now: number): AlephError {
  const { budget, unit, limit, resets_at } = state;
  const amount = unit === "tokens" ? `${limit} tokens` : `${limit} US dollars`;
  return new AlephError("budget_exceeded", `${WHOSE[budget]} is used up: ${amount}`, {
    data: {
      ...state,
      retry_after_ms: Math.max(0, resets_at - now),
      hint: `Wait until the next day begins, or raise [limits.budget.${budget}] in config.toml`,
    },
  });
}
