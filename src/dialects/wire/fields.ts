/** Checks the fields of a request against a schema and names the one that is wrong or cannot be carried over. */
import type * as z from "zod";
import { findFaults } from "../../lib/schema-faults.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Body } from "../dialect.ts";

const NOT_CARRIED = "cannot be carried over to the model that answers";

/** Throws `invalid_params` with `data {param, issues}`; `under` is where `body` stands in the request. */
export function readFields<S extends z.ZodType>(schema: S, body: Body, under?: string): z.output<S> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const faults = findFaults(schema, body, { unknownKey: () => NOT_CARRIED, tableName: "an object", limit: 8 });
  const prefix = under === undefined ? [] : [under];
  const issues = faults.map(({ path, message }) => ({ path: [...prefix, ...path].join("."), message }));
  const [first = { path: under ?? "", message: "is not valid" }] = issues;
  throw refuseField(first.path, first.message, issues);
}

export function refuseField(
  path: string,
  message: string = NOT_CARRIED,
  issues: readonly { readonly path: string; readonly message: string }[] = [{ path, message }],
): AlephError {
  return new AlephError("invalid_params", `${JSON.stringify(path)} ${message}`, {
    data: { param: path, issues: [...issues] },
  });
}
