import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { runCli } from "../../support/cli.ts";
import { openGuest } from "../../support/guest.ts";

test("invites create shows an invite once, list never, and revoke ends the guest's stay", async () => {
  await using app = await testApp();
  const home = app.home.path;
  const options = ["--tools", "time, read", "--hours", "2", "--tokens", "500", "--usd", "0.5"];
  const made = await runCli(["invites", "create", ...options], { home });
  expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(/^aleph_inv_[\w-]{43}\n$/)]);
  const { invites } = await app.client.call("auth.invites.list", {});
  expect(invites).toMatchObject([{ tools: ["time", "read"], budget: { tokens: 500, cost_usd: 0.5 }, used_at: null }]);
  const { invite_id, expires_at, created_at } = invites[0]!;
  expect(expires_at - created_at).toBe(7_200_000);
  using guest = await openGuest(app.url, invite_id, { invite: made.stdout.trim() });
  const listed = (await runCli(["invites"], { home })).stdout;
  expect([listed.includes(invite_id), listed.includes("aleph_inv")]).toEqual([true, false]);
  expect((await runCli(["invites", "revoke", invite_id], { home })).code).toBe(0);
  expect((await guest.socket.closed).code).toBe(4401);
  expect((await runCli(["invites"], { home })).stderr).toBe("Nobody is invited\n");
});

test("invites create refuses tools that guests cannot have, and amounts that are none", async () => {
  await using app = await testApp();
  const home = app.home.path;
  const wrong = await runCli(["invites", "create", "--tools", "agent_spawn"], { home });
  expect(wrong.stderr).toContain("tools that guests cannot have");
  expect((await runCli(["invites", "create", "--hours", "0"], { home })).code).toBe(2);
  expect((await runCli(["invites", "create", "--usd", "much"], { home })).code).toBe(2);
});
