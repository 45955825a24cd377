import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";

test("GET /health is 200 OK for anyone and tells nothing else", async () => {
  await using app = await testApp();
  const answer = await fetch(`${app.url}/health`);
  expect([answer.status, await answer.text(), answer.headers.get("cache-control")]).toEqual([200, "OK", "no-store"]);
  const names = [...answer.headers.keys()];
  expect(names.filter((name) => /server|version|powered|date|cookie/i.test(name) && name !== "date")).toEqual([]);
});
