import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";

test("generation.status knows no job that there is not", async () => {
  await using t = await testApp();
  const error = await t.client.call("generation.status", { job_id: "job_1" }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ reason: "not_found", message: 'No job "job_1"' });
});
