import { expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { authInvitesCreate } from "../../../../src/methods/auth/invites/create.ts";
import { authInvitesList } from "../../../../src/methods/auth/invites/list.ts";
import { testApp } from "../../../support/app.ts";

test("auth.invites.create tells an invite once, and keeps its hash alone", async () => {
  await using app = await testApp();
  const made = await app.client.call("auth.invites.create", { tools: ["time", "time"], budget: { cost_usd: 0.25 } });
  expect(authInvitesCreate.result.parse(made)).toEqual(made);
  const listed = await app.client.call("auth.invites.list", {});
  expect(authInvitesList.result.parse(listed)).toEqual(listed);
  const [{ created_at, expires_at, ...rest } = { created_at: 0, expires_at: 0 }] = listed.invites;
  expect(rest).toEqual({
    invite_id: made.invite_id,
    tools: ["time"],
    budget: { tokens: null, cost_usd: 0.25 },
    created_by: "owner",
    used_at: null,
    origins: [],
    uses: 1,
    used: 0,
  });
  expect(expires_at - created_at).toBe(24 * 3_600_000);
  await app.app[Symbol.asyncDispose]();
  const kept = Buffer.from(await Bun.file(join(app.home.path, "aleph.db")).bytes());
  expect([kept.includes(made.invite_id), kept.includes(made.invite)]).toEqual([true, false]);
});

test("auth.invites.create refuses tools that are not there or are the owner's alone, and amounts that are none", async () => {
  await using app = await testApp();
  const call = (params: object) =>
    app.client.call("auth.invites.create", params as never).then(
      () => "made",
      ({ reason, data }) => [reason, (data.issues as { path: string }[]).map(({ path }) => path)],
    );
  expect(await call({ tools: ["time", "nothing", "agent_spawn", "session_search"] })).toEqual([
    "invalid_params",
    ["tools.1", "tools.2", "tools.3"],
  ]);
  expect(await call({ tools: [], expires_in_ms: 31 * 86_400_000 })).toEqual(["invalid_params", ["expires_in_ms"]]);
  expect(await call({ tools: [], expires_in_ms: 0 })).toEqual(["invalid_params", ["expires_in_ms"]]);
  expect(await call({ tools: [], budget: { tokens: 0 } })).toEqual(["invalid_params", ["budget.tokens"]]);
  expect(await call({ tools: [], budget: { cost_usd: -1 } })).toEqual(["invalid_params", ["budget.cost_usd"]]);
});

test("auth.invites.revoke ends an invite that nobody has used, once", async () => {
  await using app = await testApp();
  const { invite_id } = await app.client.call("auth.invites.create", { tools: [] });
  expect(await app.client.call("auth.invites.revoke", { invite_id })).toEqual({ invite_id });
  expect(await app.client.call("auth.invites.list", {})).toEqual({ invites: [] });
  expect(app.client.call("auth.invites.revoke", { invite_id })).rejects.toMatchObject({ reason: "not_found" });
});

test("auth.invites.create for a page needs origins as a browser writes them, and a budget", async () => {
  await using app = await testApp();
  const issuesOf = (params: object) =>
    app.client.call("auth.invites.create", { tools: [], ...params } as never).then(
      () => "made",
      ({ data }) => (data.issues as { path: string }[]).map(({ path }) => path),
    );
  const budget = { tokens: 1000 };
  for (const origin of [
    "shop.example",
    "https://shop.example/",
    "https://shop.example/page",
    "HTTPS://shop.example",
    "https://shop.example:443",
    "https://*.shop.example",
    "https://user@shop.example",
    "file:///home",
    "null",
    "*",
  ]) {
    expect([origin, await issuesOf({ origins: [origin], budget })]).toEqual([origin, ["origins.0"]]);
  }
  expect(await issuesOf({ origins: ["https://shop.example"] })).toEqual(["budget"]);
  expect(await issuesOf({ uses: 5, budget })).toEqual(["uses"]);
  expect(await issuesOf({ uses: null })).toEqual(["uses"]);
  expect(await issuesOf({ origins: ["https://shop.example"], budget, uses: 0 })).toEqual(["uses"]);
  expect(await issuesOf({ origins: ["https://shop.example"], budget, expires_in_ms: 367 * 86_400_000 })).toEqual([
    "expires_in_ms",
  ]);
  const origins = ["https://shop.example", "http://localhost:8080", "http://[::1]:3000", "https://shop.example"];
  const made = await app.client.call("auth.invites.create", {
    tools: ["time"],
    origins,
    uses: 7,
    budget,
    expires_in_ms: 366 * 86_400_000,
  });
  const { invites } = await app.client.call("auth.invites.list", {});
  expect(invites.at(-1)).toMatchObject({
    invite_id: made.invite_id,
    origins: origins.slice(0, 3),
    uses: 7,
    used: 0,
    budget: { tokens: 1000, cost_usd: null },
  });
});
