import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";

test("exec.explain tells what would become of a command, and runs nothing", async () => {
  await using app = await testApp();
  const call = checked(app.client);
  const tiers: unknown[] = [];
  for (const command of ["ls -l", "mkdir made", "rm -rf /"]) {
    const { tier, reason, plan } = await call("exec.explain", { command });
    tiers.push(tier);
    expect(reason).not.toBe("");
    expect(plan).toMatchObject({ command });
  }
  expect(tiers).toEqual(["allow", "ask", "deny"]);
  expect(await call("exec.explain", { command: "ls made" })).toMatchObject({ tier: expect.any(String) });
  expect(await call("approvals.list", {})).toEqual({ approvals: [] });
});

test("exec.explain refuses no command, a folder outside of the workspace and an agent that there is not", async () => {
  await using app = await testApp();
  const call = checked(app.client);
  expect(await refusal(() => call("exec.explain", { command: "" }))).toMatchObject({ reason: "invalid_params" });
  expect(await refusal(() => call("exec.explain", { command: "ls", cwd: "" }))).toMatchObject({
    reason: "invalid_params",
  });
  expect(await refusal(() => call("exec.explain", { command: "ls", cwd: "/nowhere" }))).toMatchObject({
    reason: "forbidden",
  });
  expect(await refusal(() => call("exec.explain", { command: "ls", agent: "nobody" }))).toMatchObject({
    reason: "not_found",
  });
});
