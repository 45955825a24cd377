/** The parameters of a method in an order, for callers that give them by position (JSON-RPC 2.0 §4.2). */
import type * as z from "zod";
import { AlephError } from "../protocol/errors.ts";
import type { AnyMethod } from "../sdk/method.ts";

/** Required ones first, as OpenRPC demands, otherwise as the schema lists them. */
export function paramNames(params: z.ZodType): readonly string[] {
  const shape = "shape" in params ? (params.shape as Record<string, z.ZodType>) : {};
  const isOptional = (name: string) => shape[name]!.safeParse(undefined).success;
  const names = Object.keys(shape);
  return [...names.filter((name) => !isOptional(name)), ...names.filter(isOptional)];
}

/** The same by name. Throws `invalid_params` when there are more than the method has. */
export function nameParams({ name, params }: AnyMethod, values: readonly unknown[]): Record<string, unknown> {
  const names = paramNames(params);
  if (values.length > names.length) {
    const message = names.length === 0 ? "takes none" : `takes at most ${names.length}: ${names.join(", ")}`;
    throw new AlephError("invalid_params", `Too many params for "${name}", which ${message}`, {
      data: { issues: [{ path: String(names.length), message: "must not be there" }] },
    });
  }
  return Object.fromEntries(values.map((value, index) => [names[index]!, value]));
}
