/**
 * Keeps guests to what is theirs: methods that are meant for them, their own session, runs of that session, and of what the
 * owner's providers, budgets and plugins refuse no more than that it was so.
 */
import { AlephError } from "../../protocol/errors.ts";
import { guestRefusal } from "../../protocol/guest-failure.ts";
import { nameParams } from "../params.ts";
import type { Exchange, Middleware, Next } from "../pipeline.ts";

export interface ConfineGuestsOptions {
  /** The session that a run belongs to, if there is such a run. */
  readonly sessionOfRun: (runId: string) => string | undefined;
}

export function createConfineGuests({ sessionOfRun }: ConfineGuestsOptions): Middleware {
  return (exchange, next) => {
    const { method, call } = exchange;
    if (call.grant?.role !== "guest" || method!.scope === "public") return next(exchange);
    const { name, guest: rule } = method!;
    const { guest } = call.grant;
    if (!rule || !guest) throw new AlephError("forbidden", `"${name}" is not for guests`);
    const given = Array.isArray(exchange.params) ? nameParams(method!, exchange.params) : exchange.params;
    const params: Readonly<Record<string, unknown>> = typeof given === "object" && given !== null ? { ...given } : {};
    const extra = rule.without?.find((key) => params[key] !== undefined);
    if (extra !== undefined) throw new AlephError("forbidden", `Guests may not choose "${extra}"`);
    if (rule.own === "run_id" && sessionOfRun(String(params.run_id)) !== guest.sessionKey) {
      throw new AlephError("not_found", `No run "${String(params.run_id).slice(0, 100)}"`);
    }
    if (rule.own === "session_key") {
      if (params.session_key !== undefined && params.session_key !== guest.sessionKey) {
        throw new AlephError("forbidden", "Guests have one session of their own", {
          data: { hint: "Leave session_key out" },
        });
      }
      exchange.params = { ...params, session_key: guest.sessionKey };
    }
    return askDiscreetly(exchange, next);
  };
}

async function askDiscreetly(exchange: Exchange, next: Next): Promise<unknown> {
  try {
    return await next(exchange);
  } catch (thrown) {
    throw guestRefusal(AlephError.from(thrown)) ?? thrown;
  }
}
