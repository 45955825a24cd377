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

test("invites create --widget prints a script tag that is ready to be pasted", async () => {
  await using app = await testApp();
  const home = app.home.path;
  const page = ["invites", "create", "--widget", "--origin", "https://shop.example"];
  const made = await runCli([...page, "--at", "https://aleph.example", "--title", "Ask us"], { home });
  expect(made.stdout).toMatch(
    /^<script src="https:\/\/aleph\.example\/widget\.js" data-invite="aleph_inv_[\w-]{43}" data-title="Ask us" async><\/script>\n$/,
  );
  expect([made.code, made.stderr]).toEqual([0, "Its visitors may use up 1000000 tokens in all, for 30 d\n"]);
  const more = ["--origin", "http://localhost:3000", "--uses", "9", "--usd", "2", "--hours", "1", "--tools", "time"];
  const local = await runCli([...page, ...more, "--json"], { home });
  const { tag, invite } = JSON.parse(local.stdout) as { tag: string; invite: string };
  expect(tag).toBe(`<script src="${app.url}/widget.js" data-invite="${invite}" async></script>`);
  expect((await runCli(page, { home })).stderr).toContain("Only this machine reaches that address");
  const { invites } = await app.client.call("auth.invites.list", {});
  expect(invites.slice(0, 2)).toMatchObject([
    { origins: ["https://shop.example"], uses: null, tools: [], budget: { tokens: 1_000_000, cost_usd: null } },
    {
      origins: ["https://shop.example", "http://localhost:3000"],
      uses: 9,
      tools: ["time"],
      budget: { tokens: null, cost_usd: 2 },
    },
  ]);
  expect(invites[1]!.expires_at - invites[1]!.created_at).toBe(3_600_000);
  expect((await runCli(["invites"], { home })).stdout).toContain("https://shop.example");
});

test("invites create takes what is for pages with --widget alone, and an origin with it", async () => {
  await using app = await testApp();
  const home = app.home.path;
  const refusal = async (...options: string[]) => {
    const { code, stderr } = await runCli(["invites", "create", ...options], { home });
    return [code, stderr.split("\n")[0]];
  };
  expect(await refusal("--widget")).toEqual([2, expect.stringContaining("--widget needs --origin")]);
  for (const [name, value] of [
    ["--origin", "https://shop.example"],
    ["--uses", "2"],
    ["--title", "Ask"],
    ["--at", "https://aleph.example"],
  ] as const) {
    expect(await refusal(name, value)).toEqual([2, expect.stringContaining(`${name} is for --widget`)]);
  }
  expect(await refusal("--widget", "--origin", "shop.example")).toEqual([
    expect.any(Number),
    expect.stringContaining("origins.0"),
  ]);
  expect((await app.client.call("auth.invites.list", {})).invites).toEqual([]);
});
