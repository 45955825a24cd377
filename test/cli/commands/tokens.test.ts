import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { runCli } from "../../support/cli.ts";
import { connectDevice, testDevice } from "../../support/device.ts";

test("tokens create shows a token once, list never, and revoke ends it", async () => {
  await using app = await testApp();
  const home = app.home.path;
  const made = await runCli(["tokens", "create", "phone", "--days", "2"], { home });
  expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(/^aleph_key_[\w-]{43}\n$/)]);
  const listed = await runCli(["tokens"], { home });
  const id = /tok_\w+/.exec(listed.stdout)?.[0] ?? "";
  expect([listed.stdout.includes(made.stdout.trim()), listed.stdout.includes("read,chat")]).toEqual([false, true]);
  expect((await runCli(["tokens", "revoke", id], { home })).code).toBe(0);
  expect((await runCli(["tokens", "list"], { home })).stderr).toContain("There is only the owner's token");
  expect((await runCli(["tokens", "revoke", id], { home })).stderr).toContain("No token");
});

test("tokens rotate puts a new secret in place of one token's, or of the owner's", async () => {
  await using app = await testApp();
  const home = app.home.path;
  const made = await app.client.call("auth.tokens.create", { name: "phone", scopes: ["read"] });
  const rotated = await runCli(["tokens", "rotate", made.token_id], { home });
  expect([rotated.code, rotated.stdout]).toEqual([0, expect.stringMatching(/^aleph_key_[\w-]{43}\n$/)]);
  const own = await runCli(["tokens", "rotate"], { home });
  expect(own.stdout).toMatch(/^aleph_own_[\w-]{43}\n$/);
  expect(readFileSync(join(app.home.credentials, "token"), "utf8")).toBe(own.stdout);
  expect((await runCli(["tokens", "list"], { home })).stdout).toContain(made.token_id);
});

test("tokens create refuses scopes and days that there are not", async () => {
  for (const wrong of [
    ["--scopes", "read,root"],
    ["--days", "0"],
    ["--days", "soon"],
  ]) {
    expect((await runCli(["tokens", "create", "x", ...wrong], { home: "/nowhere" })).code).toBe(2);
  }
});

test("pairing approve CODE lets a device in, and devices revoke ends it", async () => {
  await using app = await testApp();
  const home = app.home.path;
  const device = await testDevice();
  const first = await connectDevice(app.url, device);
  using _ = first.socket;
  const code = String(first.answer.error!.data.code);
  expect((await runCli(["pairing"], { home })).stdout).toContain(code);
  expect((await runCli(["pairing", "approve", code.toLowerCase()], { home })).stderr).toContain("Let in: phone");
  const second = await connectDevice(app.url, device);
  using socket = second.socket;
  expect(second.answer.result).toMatchObject({ identity: { id: device.id, kind: "device" } });
  expect((await runCli(["devices"], { home })).stdout).toContain(device.id);
  expect((await runCli(["devices", "revoke", device.id], { home })).code).toBe(0);
  expect((await socket.closed).code).toBe(4401);
  expect((await runCli(["pairing", "reject", "22222222"], { home })).stderr).toContain("No device waits");
});
