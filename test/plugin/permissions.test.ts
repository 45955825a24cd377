import { expect, test } from "bun:test";
import { asksForApproval, isCovered, summarizePermissions, wantedBy } from "../../src/plugin/permissions.ts";
import type { PluginManifest } from "../../src/sdk/plugin.ts";
import { BARE_MANIFEST } from "../support/plugins.ts";

const code = (more: Partial<PluginManifest> = {}): PluginManifest => ({
  ...BARE_MANIFEST,
  id: "p",
  kind: "nodejs",
  ...more,
});
const allowed = (permissions: Partial<PluginManifest["permissions"]>) =>
  code({ permissions: { network: [], filesystem: [], env: [], ...permissions } });

test.each([
  ["connect:https://api.example.com", "May connect to api.example.com over https"],
  ["connect:https://*.example.com:8443", "May connect to every host below example.com at port 8443 over https"],
  ["connect:http://127.0.0.1:8080", "May connect to 127.0.0.1 (this machine) at port 8080 over http"],
  ["connect:WSS://localhost", "May connect to localhost (this machine) over wss"],
  ["connect:https://[::1]:9", "May connect to [::1] (this machine) at port 9 over https"],
  ["connect:http://2130706433:8080", "May connect to 127.0.0.1 (this machine) at port 8080 over http"],
  ["connect:http://[::ffff:7f00:1]", "May connect to [::ffff:7f00:1] (this machine) over http"],
  ["connect:http://0xa9fea9fe", "May connect to 169.254.169.254 over http"],
  ["connect:https://p\u0430ypal.com", "May connect to xn--pypal-4ve.com over https"],
  ["connect:https://*", "May connect to every host on the internet over https"],
  ["connect:https://*:8443", "May connect to every host on the internet at port 8443 over https"],
])("summarizePermissions says of %s: %s", (rule, line) => {
  expect(summarizePermissions(allowed({ network: [rule] }))).toEqual([line]);
});

test("summarizePermissions says in plain words what else a plugin may do", () => {
  const manifest = code({
    permissions: {
      network: [],
      filesystem: ["read:./data", "write:output/", "read:~/notes", "write:/srv/x", "read:."],
      env: ["API_KEY"],
    },
    httpRoutes: [
      { method: "POST", path: "/a", handler: "h", auth: "public" },
      { method: "POST", path: "/b", handler: "h", auth: "signature" },
      { method: "GET", path: "/c", handler: "h", auth: "token" },
    ],
    hooks: [
      { event: "before_tool_call", kind: "interceptor", priority: "normal", handler: "h" },
      { event: "on_message", kind: "observer", priority: "normal", handler: "h" },
      { event: "on_message", kind: "observer", priority: "low", handler: "i" },
    ],
    channels: [
      {
        name: "slack",
        description: "d",
        connectHandler: "a",
        disconnectHandler: "b",
        sendHandler: "c",
        buttons: false,
      },
    ],
    providers: [{ name: "llama", description: "d", listModelsHandler: "a", chatHandler: "b" }],
    start: "boot",
  });
  expect(summarizePermissions(manifest)).toEqual([
    "May read its folder data",
    "May read and write its folder output",
    "May read ~/notes",
    "May read and write /srv/x",
    "May read its own folder",
    "Gets the value of the variable API_KEY",
    "Answers anyone who calls POST /plugins/p/a",
    "Answers signed calls of POST /plugins/p/b",
    "Sees and may change or stop every tool call",
    "Sees every message that you write",
    "Brings you messages from slack and sends the answers there",
    "Answers as the model provider llama",
    "Runs in the background all the time",
  ]);
  expect(summarizePermissions(code())).toEqual(["Has no network, no files of yours and no variables"]);
  expect(summarizePermissions(BARE_MANIFEST)).toEqual([]);
});

test.each([
  ["system", ["Tells the model something in every run"]],
  ["tool", ["Tells the model something in runs in which its tools may be used"]],
  ["standalone", ["Tells the model something when a message begins with /style"]],
  ["disabled", []],
] as const)("summarizePermissions says what a prompt of scope %s does", (scope, lines) => {
  expect(summarizePermissions({ ...BARE_MANIFEST, prompt: { file: "SKILL.md", scope } })).toEqual([...lines]);
});

test("asksForApproval is so for code, and for whatever asks for something", () => {
  expect(asksForApproval(BARE_MANIFEST)).toBe(false);
  expect(asksForApproval(code())).toBe(true);
  expect(asksForApproval({ ...allowed({ env: ["A"] }), kind: "static" })).toBe(true);
});

test("isCovered wants each wish among what was granted, routes that anyone may call too", () => {
  const granted = wantedBy(allowed({ network: ["connect:https://a"], env: ["A", "B"] }));
  expect(isCovered(wantedBy(allowed({ env: ["B"] })), granted)).toBe(true);
  expect(isCovered(wantedBy(allowed({ env: ["B", "C"] })), granted)).toBe(false);
  expect(isCovered(wantedBy(allowed({ network: ["connect:https://b"] })), granted)).toBe(false);
  const route = { method: "POST", path: "/a", handler: "h" };
  const open = wantedBy(code({ httpRoutes: [{ ...route, auth: "public" }] }));
  expect([isCovered(open, granted), isCovered(open, open)]).toEqual([false, true]);
  expect(isCovered(wantedBy(code({ httpRoutes: [{ ...route, auth: "token" }] })), granted)).toBe(true);
});
