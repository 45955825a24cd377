/** The OpenRPC 1.3 document (https://spec.open-rpc.org), made from the schemas that validate. */
import type * as z from "zod";
import { VERSION } from "../lib/version.ts";
import { ERRORS } from "../protocol/errors.ts";
import type { MethodLoader } from "../sdk/method.ts";

/** Loads every method; costs some milliseconds, so it is made when asked for. */
export async function describeMethods(
  methods: Readonly<Record<string, MethodLoader>>,
): Promise<Record<string, unknown>> {
  const [{ toJSONSchema }, { eventSchemas }] = await Promise.all([import("zod"), import("../protocol/events.ts")]);
  const schemaOf = (schema: z.ZodType, io: "input" | "output") => {
    const { $schema: _, ...rest } = toJSONSchema(schema, { io, unrepresentable: "any" });
    return rest;
  };
  const loaded = await Promise.all(Object.values(methods).map((load) => load()));
  return {
    openrpc: "1.3.2",
    info: { title: "Aleph", version: VERSION },
    methods: loaded.map(({ name, summary, scope, params, result }) => {
      const schema = schemaOf(params, "input") as { properties?: Record<string, unknown>; required?: string[] };
      return {
        name,
        summary,
        paramStructure: "by-name",
        params: Object.entries(schema.properties ?? {}).map(([key, value]) => ({
          name: key,
          required: schema.required?.includes(key) ?? false,
          schema: value,
        })),
        result: { name: "result", schema: schemaOf(result, "output") },
        "x-scope": scope,
      };
    }),
    "x-events": Object.entries(eventSchemas).map(([topic, schema]) => ({ topic, schema: schemaOf(schema, "output") })),
    components: {
      errors: Object.fromEntries(
        Object.entries(ERRORS).map(([reason, { rpc }]) => [reason, { code: rpc, message: reason }]),
      ),
    },
  };
}
