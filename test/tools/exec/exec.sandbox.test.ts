/** What the sandbox means for `exec`: what is shown, what asks, and what the model is told. */
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { testCommands } from "../../support/commands.ts";
import { noSandbox } from "../../support/launcher.ts";
import { refusalOf } from "../../support/tool-call.ts";

test("exec looks without being able to write, whatever the judge overlooked", async () => {
  await using t = await testCommands();
  const { plan, tier } = await t.prepare({ command: "ls" });
  expect({ tier, sandbox: plan.sandbox }).toMatchObject({
    tier: "allow",
    sandbox: { level: "kernel", read: [t.path], write: ["a temporary folder of its own"], network: [] },
  });
});

test("exec asks for every command where nothing confines it, says so, and offers nothing for always", async () => {
  await using t = await testCommands({ sandbox: noSandbox });
  for (const command of ["ls", "touch made"]) {
    const { tier, reason, pattern, plan } = await t.prepare({ command });
    expect({ tier, reason, pattern, level: (plan.sandbox as { level: string }).level }).toEqual({
      tier: "ask",
      reason: expect.stringContaining("Nothing confines commands here: No way to confine a process is known"),
      pattern: null,
      level: "none",
    });
  }
  expect((await t.prepare({ command: "rm -rf /" })).tier).toBe("deny");
  expect(await t.call({ command: "touch made && ls" })).toEqual({ ok: true, text: "made" });
});

test("exec shows the hosts that a command wants to reach, and grants no more for always", async () => {
  await using t = await testCommands();
  const { tier, plan, pattern } = await t.prepare({
    command: "touch x",
    network: ["https://pypi.org/", "files.example:8443", "http://localhost:8080", "http://2130706433:9", "WSS://[::1]"],
  });
  const network = [
    "connect:https://pypi.org",
    "connect:https://files.example:8443",
    "connect:http://localhost:8080",
    "connect:http://127.0.0.1:9",
    "connect:https://[::1]",
  ];
  expect({ tier, network: (plan.sandbox as { network: unknown }).network }).toEqual({ tier: "ask", network });
  if (pattern) expect(pattern.network).toEqual(network);
  for (const wrong of ["not a host", "ftp://x.example", "https://a@b.example", "https://x.example/path", ""]) {
    expect(await refusalOf(t.prepare({ command: "touch x", network: [wrong] }))).toBeDefined();
  }
});

test("exec tells the model what was undone and why a command was stopped", async () => {
  await using t = await testCommands({ limits: { memory_limit: 128 * 1024 * 1024 } });
  expect(await t.call({ command: "echo bad > .bashrc; echo done" })).toEqual({
    ok: true,
    text: "done\n[what it changed in .bashrc was undone: no command may change that]",
  });
  const { ok, text } = await t.call({
    command: "for i in 1 2 3; do (head -c 90M /dev/zero | tail -c 89M | (sleep 2; wc -c)) & done; wait",
  });
  expect({ ok, text }).toEqual({ ok: false, text: "[stopped: it used more than 128 MB of memory]" });
});

test("exec gives a command its input", async () => {
  await using t = await testCommands();
  const prepared = await t.prepare({ command: "while read a; do echo got $a; done", stdin: "one\ntwo\n" });
  expect([prepared.tier, prepared.plan.stdin]).toEqual(["ask", "one\ntwo\n"]);
  expect(await prepared.run()).toEqual({ ok: true, text: "got one\ngot two" });
  expect(await t.call({ command: "sleep 1000; true", stdin: "", timeout_ms: 300 })).toEqual({
    ok: false,
    text: "[stopped: it took too long]",
  });
});

test("exec runs a program in a terminal", async () => {
  await using t = await testCommands();
  const { ok, text } = await t.call({ command: "test -t 1 && stty size < /dev/tty && echo $TERM", pty: true });
  expect({ ok, lines: text.replace(/^\^D[\b]*/, "").split(/\r?\n/) }).toEqual({
    ok: true,
    lines: ["30 100", "xterm-256color"],
  });
});

test("exec builds what it then starts, and leaves it in the workspace", async () => {
  await using t = await testCommands();
  const { text } = await t.call({ command: "printf '#!/bin/sh\\necho built\\n' > tool && chmod +x tool && ./tool" });
  expect(text).toBe("built");
  expect(await readdir(t.path)).toEqual(["tool"]);
  expect(await Bun.file(join(t.path, "tool")).text()).toContain("echo built");
});

test("exec marks what a command prints that may reach a host, and so does process of its job", async () => {
  await using t = await testCommands();
  expect(await t.call({ command: "touch x; echo said" })).toEqual({ ok: true, text: "said" });
  const network = ["https://pypi.org"];
  const marked = { ok: true, text: "said", untrusted: true } as const;
  expect(await t.call({ command: "touch x; echo said", network })).toEqual(marked);
  expect(await t.call({ command: "touch x; cat", stdin: "said", network })).toEqual(marked);
  // One that only looks has no network, whatever was asked for.
  expect(await t.call({ command: "echo said", network })).toEqual({ ok: true, text: "said" });
  const { text } = await t.call({ command: "touch x; echo said", network, background: true });
  const job_id = /job_\w+/.exec(text)![0];
  await t.process({ action: "wait", job_id });
  expect((await t.process({ action: "read", job_id })).untrusted).toBe(true);
});

test("exec marks what a command prints where config.toml gives all of them a host", async () => {
  await using t = await testCommands({ limits: { network: ["connect:https://pypi.org"] } });
  expect((await t.call({ command: "touch x; echo said" })).untrusted).toBe(true);
});

test("exec denies the metadata service of a cloud as a host, whatever the command says", async () => {
  await using t = await testCommands();
  for (const host of [
    "http://169.254.169.254",
    "http://2852039166",
    "http://[fd00:ec2::254]",
    "http://0xa9fea9fe:80",
  ]) {
    const { tier, rule } = await t.prepare({ command: "sh fetch.sh", network: [host] });
    expect([host, tier, rule]).toEqual([host, "deny", "metadata"]);
  }
  expect((await t.prepare({ command: "sh fetch.sh", network: ["http://192.168.1.2"] })).tier).toBe("ask");
});
