/** The OpenRPC 1.3 document (https://spec.open-rpc.org), made from the schemas that validate. */
import type * as z from "zod";
import { VERSION } from "../lib/version.ts";
import { ERRORS } from "../protocol/errors.ts";
import type { MethodLoader } from "../sdk/method.ts";
import { paramNames } from "./params.ts";

/** Loads every method; costs some milliseconds, so it is made when asked for. */
export async function describeMethods(
  methods: Readonly<Record<string, MethodLoader>>,
): Promise<Record<string, unknown>> {
  const [{ toJSONSchema }, { eventSchemas }] = await Promise.all([import("zod"), import("../protocol/events.ts")]);
  const schemaOf = (schema: z.ZodType, io: "input" | "output") => {
    const { $schema: _, ...rest } = toJSONSchema(schema, {
      io,
      unrepresentable: "any",
      override({ jsonSchema }) {
        // What the server sends may have more fields some day; whoever checks it must not mind.
        if (io === "output" && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      },
    });
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
        paramStructure: "either",
        params: paramNames(params).map((key) => ({
          name: key,
          required: schema.required?.includes(key) ?? false,
          schema: schema.properties?.[key] ?? {},
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
