import { expect, test } from "bun:test";
import { testApp } from "../../../support/app.ts";

test("GET /v1/health answers anyone and tells nothing else", async () => {
  await using app = await testApp();
  const response = await fetch(`${app.app.url}/v1/health`);
  expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
});
