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

/** What an identity may use up in all; null is no limit. */
export type Allowance = Readonly<Record<Unit, number | null>>;

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

type Sum = { tokens: number; cost_usd: number };

/** Sums of one day. */
export class DaySums {
  readonly #day: Sum = { tokens: 0, cost_usd: 0 };
  readonly #identities = new Map<string, Sum>();
  readonly #sessions = new Map<string, Sum>();

  add({ identity, sessionKey }: Spender, spent: Spent): void {
    grow(this.#day, spent);
    growOf(this.#identities, identity, spent);
    if (sessionKey !== undefined) growOf(this.#sessions, sessionKey, spent);
  }

  /** Nothing for the session of what is outside of sessions. */
  of(budget: Budget, { identity, sessionKey }: Spender): Spent | undefined {
    if (budget === "day") return this.#day;
    if (budget === "identity") return this.#identities.get(identity) ?? NOTHING;
    return sessionKey === undefined ? undefined : (this.#sessions.get(sessionKey) ?? NOTHING);
  }
}

const NOTHING: Spent = { tokens: 0, cost_usd: 0 };

function growOf(sums: Map<string, Sum>, name: string, spent: Spent): void {
  const sum = sums.get(name);
  if (sum === undefined) sums.set(name, { ...spent });
  else grow(sum, spent);
}

function grow(sum: Sum, { tokens, cost_usd }: Spent): void {
  sum.tokens += tokens;
  sum.cost_usd += cost_usd;
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

export function allowanceExceeded(unit: Unit, limit: number, used: number): AlephError {
  const amount = unit === "tokens" ? `${limit} tokens` : `${limit} US dollars`;
  return new AlephError("budget_exceeded", `The invite's allowance is used up: ${amount}`, {
    data: { budget: "invite", unit, limit, used, hint: "Ask for another invite" },
  });
}

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
