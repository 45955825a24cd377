/** Gives the handler what its schema promises, or the caller the list of what is wrong. */
import { AlephError, type Issue } from "../../protocol/errors.ts";
import type { Middleware } from "../pipeline.ts";

export function createValidate(): Middleware {
  return (exchange, next) => {
    const parsed = exchange.method!.params.safeParse(exchange.params);
    if (parsed.success) return next({ ...exchange, params: parsed.data });
    const issues: Issue[] = parsed.error.issues.map(({ path, message }) => ({
      path: path.map(String).join("."),
      message,
    }));
    const first = issues[0]!;
    throw new AlephError(
      "invalid_params",
      `Cannot call "${exchange.method!.name}": ${first.path || "params"}: ${first.message}`,
      {
        data: { issues },
      },
    );
  };
}
