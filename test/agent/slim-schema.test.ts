import { expect, test } from "bun:test";
import * as z from "zod";
import { slimSchema } from "../../src/agent/slim-schema.ts";

test("slimSchema leaves out bounds that tell a model nothing, at every depth, and no parameter", () => {
  const schema = z.strictObject({
    // Named like keywords of the schema itself.
    pattern: z.string().min(1).max(500).describe("a glob"),
    minLength: z.int().min(0),
    limit: z.int().min(1).max(50).optional(),
    items: z.array(z.strictObject({ text: z.string().regex(/^x/), kind: z.enum(["a", "b"]) })).min(1),
    either: z.union([z.string().max(3), z.null()]),
    map: z.record(z.string(), z.string().max(9)),
  });
  expect(slimSchema(z.toJSONSchema(schema, { io: "input" }))).toEqual({
    type: "object",
    properties: {
      pattern: { type: "string", description: "a glob" },
      minLength: { type: "integer" },
      limit: { type: "integer", maximum: 50 },
      items: {
        type: "array",
        items: {
          type: "object",
          properties: { text: { type: "string" }, kind: { type: "string", enum: ["a", "b"] } },
          required: ["text", "kind"],
        },
      },
      either: { anyOf: [{ type: "string" }, { type: "null" }] },
      map: { type: "object", additionalProperties: { type: "string" } },
    },
    required: ["pattern", "minLength", "items", "either", "map"],
  });
});
