/** Gives the handler what its schema promises, or the caller the list of what is wrong. */
import { findFaults } from "../../lib/schema-faults.ts";
import { AlephError, type Issue } from "../../protocol/errors.ts";
import type { AnyMethod } from "../../sdk/method.ts";
import { nameParams } from "../params.ts";
import type { Middleware } from "../pipeline.ts";

/** Faults that are told; the answer to a frame full of them stays short. */
const MAX_ISSUES = 20;
const MAX_PATH = 200;

export function createValidate(): Middleware {
  return (exchange, next) => {
    const method = exchange.method!;
    const params = Array.isArray(exchange.params) ? nameParams(method, exchange.params) : exchange.params;
    const parsed = method.params.safeParse(params);
    if (!parsed.success) throw invalid(method, params);
    exchange.params = parsed.data;
    return next(exchange);
  };
}

function invalid({ name, params: schema }: AnyMethod, params: unknown): AlephError {
  const faults = findFaults(schema, params, { tableName: "an object", limit: MAX_ISSUES }).slice(0, MAX_ISSUES);
  const issues = faults
    .map(({ path, message }): Issue => ({ path: path.join(".").slice(0, MAX_PATH), message }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const first = issues[0]!;
  return new AlephError("invalid_params", `Cannot call "${name}": ${first.path || "params"}: ${first.message}`, {
    data: { issues },
  });
}
