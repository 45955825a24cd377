import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { checked } from "../../support/method.ts";

test("config.schema is the JSON Schema of config.toml", async () => {
  await using app = await testApp();
  expect(await checked(app.client)("config.schema", {})).toMatchObject({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    additionalProperties: false,
    properties: { log: { properties: { level: { enum: ["debug", "info", "warn", "error"], default: "info" } } } },
  });
});
