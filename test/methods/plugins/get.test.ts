import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { writePlugin } from "../../support/plugins.ts";

test("plugins.get shows one plugin, with what it asks for", async () => {
  await using t = await testApp();
  const manifest = `[plugin]
id = "code"
name = "Code"
version = "1.0.0"
description = "For tests"
author = "Ann"
kind = "nodejs"
entry = "index.js"

[permissions]
network = ["connect:https://api.example.com"]
filesystem = ["read:./data"]
env = ["KEY"]

[[tools]]
name = "t"
description = "A tool"
handler = "h"

[[services]]
name = "s"
description = "A service"
start_handler = "a"
stop_handler = "b"
auto_start = true

[[http_routes]]
method = "POST"
path = "/in"
handler = "h"
auth = "public"
`;
  const path = await writePlugin(t.home.plugins, "folder", { manifest });
  const { sandbox, ...shown } = await t.client.call("plugins.get", { id: "code" });
  expect(["kernel", "namespace", "none"]).toContain(sandbox!);
  expect(shown).toEqual({
    id: "code",
    source: "user",
    folder: "folder",
    path,
    name: "Code",
    version: "1.0.0",
    description: "For tests",
    author: "Ann",
    kind: "nodejs",
    status: "pending",
    error: null,
    awaits: "approval",
    permissions: { network: ["connect:https://api.example.com"], filesystem: ["read:./data"], env: ["KEY"] },
    permissions_summary: [
      "May connect to api.example.com over https",
      "May read its folder data",
      "Gets the value of the variable KEY",
      "Answers anyone who calls POST /plugins/code/in",
      "Runs in the background all the time",
    ],
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    approved: null,
    development: false,
    installed_from: null,
    serving: null,
    pid: null,
    prompt_scope: null,
    tools: [{ name: "t", description: "A tool" }],
    commands: [],
    services: [{ name: "s", description: "A service", auto_start: true }],
    channels: [],
    providers: [],
    hooks: [],
    http_routes: [{ method: "POST", path: "/in", auth: "public" }],
    denials: [],
  });
});

test("plugins.get refuses a plugin that is not there", async () => {
  await using t = await testApp();
  await expect(t.client.call("plugins.get", { id: "constructor" })).rejects.toMatchObject({
    reason: "not_found",
    data: { hint: "plugins.list shows those that exist" },
  });
});
