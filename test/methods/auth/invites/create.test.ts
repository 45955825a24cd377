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
