/** Guests through the whole server: what they reach, what they do not, and what is left of them. */
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { conversation, MAIN } from "../../support/conversation.ts";
import { calls, results, toolNames } from "../../support/delegation.ts";
import { type Frames, openFrames, request } from "../../support/frames.ts";
import { inviteGuest, openGuest } from "../../support/guest.ts";
import { until } from "../../support/until.ts";

const topics = ({ received }: Frames) =>
  received.filter(({ method }) => method === "event").map(({ params }) => params!.topic);

const dataOf = ({ received }: Frames, topic: string) =>
  received.flatMap(({ params }) => (params?.topic === topic ? [params.data] : []));

test("a guest talks to the agent in a session of its own, with the invite's tools alone", async () => {
  await using t = await conversation();
  t.fake.answer(({ body }) =>
    body.messages.at(-1).role === "user" ? calls({ name: "time", args: {} }) : "hello guest",
  );
  using guest = await inviteGuest(t, { tools: ["time", "read"] });
  expect(guest.hello).toMatchObject({
    identity: { id: guest.inviteId, kind: "guest" },
    role: "guest",
    scopes: ["read", "chat"],
    session_token: expect.stringMatching(/^aleph_ses_/),
  });
  const { result } = await guest.ask("session.send", { message: "hi" });
  expect(result).toMatchObject({ text: "hello guest", session_key: guest.sessionKey, status: "completed" });
  expect(toolNames(t.fake.requests[0]!)).toEqual(["read", "time"]);
  expect((await guest.ask("session.get")).result).toMatchObject({ session_key: guest.sessionKey, kind: "guest" });
  const { messages } = (await guest.ask("session.history")).result as { messages: { role: string }[] };
  expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "assistant"]);
  expect((await guest.ask("runs.get", { run_id: result!.run_id })).result).toMatchObject({ status: "completed" });
});

test("a guest's model is told nothing that the owner keeps: no notes of the workspace, no facts", async () => {
  await using t = await conversation();
  const workspace = join(t.home.workspaces, "main");
  mkdirSync(workspace, { recursive: true });
  writeFileSync(join(workspace, "AGENTS.md"), "The safe opens with kumquat.");
  await t.client.call("memory.store", { content: "The alarm is called persimmon." });
  t.fake.answer(() => "ok");
  await t.client.call("session.send", { message: "what is the alarm called?", session_key: MAIN });
  using guest = await inviteGuest(t, { tools: ["time"] });
  await guest.ask("session.send", { message: "what is the alarm called?" });
  const told = (word: string) => t.fake.requests.map(({ body }) => JSON.stringify(body).includes(word));
  expect([told("kumquat"), told("persimmon")]).toEqual([
    [true, false],
    [true, false],
  ]);
});

test("a guest's model that calls what the invite does not name, or what would ask, is denied and nobody is asked", async () => {
  await using t = await conversation();
  const wanted = [
    { name: "list", args: {} },
    { name: "agent_spawn", args: { task: "x" } },
    { name: "session_search", args: { query: "x" } },
    { name: "exec", args: { command: "rm -r notes" } },
  ];
  t.fake.answer(({ body }) => (body.messages.at(-1).role === "user" ? calls(...wanted) : "done"));
  using guest = await inviteGuest(t, { tools: ["exec"] });
  await guest.ask("session.send", { message: "go" });
  const denied = results(t.fake.requests[1]!);
  expect(denied.slice(0, 3)).toEqual(Array(3).fill(expect.stringContaining("is not")));
  expect(denied[3]).toContain("Only calls of the owner can be approved");
  expect((await t.client.call("approvals.list", {})).approvals).toEqual([]);
});

test("a guest sees the events of its own session and of no other", async () => {
  await using t = await conversation();
  using guest = await inviteGuest(t);
  using other = await inviteGuest(t);
  for (const { ask } of [guest, other]) await ask("events.subscribe", { pattern: "**" });
  t.fake.answer(() => "a secret answer");
  await t.client.call("session.send", { message: "secret of the owner", session_key: MAIN });
  await other.ask("session.send", { message: "secret of another guest" });
  t.fake.answer(() => "for the guest");
  await guest.ask("session.send", { message: "mine" });
  await until(() => topics(guest.socket).includes("agent.completed"));
  const events = guest.socket.received.filter(({ params }) => params && params.topic !== "connect.challenge");
  expect(JSON.stringify(events)).not.toMatch(/secret|agent:main:main/);
  expect(new Set(events.map(({ params }) => params!.data.session_key))).toEqual(new Set([guest.sessionKey]));
  using late = await openGuest(t.url, guest.inviteId, { session_token: String(guest.hello.session_token) });
  await late.ask("events.subscribe", { pattern: "**", after_seq: 0 });
  await until(() => topics(late.socket).includes("agent.completed"));
  expect(JSON.stringify(late.socket.received)).not.toMatch(/secret|agent:main:main/);
});

test("of a run that fails a guest is told the kind, and the owner all of it", async () => {
  await using t = await conversation();
  using guest = await inviteGuest(t);
  using owner = await openFrames(t.url, { token: t.token });
  await owner.ask(request("events.subscribe", { pattern: "**" }, 1));
  await guest.ask("events.subscribe", { pattern: "**" });
  t.fake.answer(() => ({ status: 400, message: "Organization org-kumquat may not use it" }));
  const { error } = await guest.ask("session.send", { message: "hi" });
  const run_id = String(error?.data.run_id);
  const told = { reason: "provider_error", message: "Something went wrong here: try it later" };
  expect(error).toEqual({ code: -32006, message: told.message, data: { reason: told.reason, run_id } });
  for (const method of ["agent.status", "runs.wait", "runs.get"]) {
    expect((await guest.ask(method, { run_id })).result?.error).toEqual(told);
  }
  await until(() => topics(guest.socket).includes("agent.error") && topics(owner).includes("agent.error"));
  expect(dataOf(guest.socket, "agent.error")).toEqual([{ run_id, session_key: guest.sessionKey, error: told }]);
  expect(dataOf(guest.socket, "stream.agent_trace")).toEqual([]);
  using late = await openGuest(t.url, guest.inviteId, { session_token: String(guest.hello.session_token) });
  await late.ask("events.subscribe", { pattern: "**", after_seq: 0 });
  await until(() => topics(late.socket).includes("agent.error"));
  expect(JSON.stringify([guest.socket.received, late.socket.received])).not.toMatch(/kumquat|hint/);
  const whole = { reason: "provider_error", message: expect.stringContaining("org-kumquat"), hint: expect.any(String) };
  expect(dataOf(owner, "agent.error")).toMatchObject([{ error: whole }]);
  expect(dataOf(owner, "stream.agent_trace")).not.toEqual([]);
  expect((await t.client.call("runs.get", { run_id })).error).toEqual(whole);
});

test("a guest learns nothing of the owner's budget that is used up", async () => {
  await using t = await conversation({ config: { limits: { budget: { day: { tokens: 50 } } } } });
  t.fake.answer(() => ({ steps: ["ok"], usage: { input: 90, output: 10 } }));
  await t.client.call("session.send", { message: "mine", session_key: MAIN });
  using guest = await inviteGuest(t);
  const { error } = await guest.ask("session.send", { message: "hi" });
  expect(error).toEqual({
    code: -32005,
    message: "The allowance is used up",
    data: { reason: "budget_exceeded", retry_after_ms: expect.any(Number) },
  });
});

test("a guest reaches no session, run or method besides its own, in whatever form it asks", async () => {
  await using t = await conversation();
  t.fake.answer(() => "ok");
  const { run_id } = await t.client.call("session.send", { message: "owner's", session_key: MAIN });
  using guest = await inviteGuest(t);
  const asked = [
    await guest.reason("session.history", { session_key: MAIN }),
    await guest.reason("session.send", { message: "x", session_key: MAIN }),
    await guest.reason("agent.run", { message: "x", session_key: "agent:main:ephemeral:other" }),
    await guest.reason("session.history", [MAIN]),
    await guest.reason("agent.run", { message: "x", model: "fake/m" }),
    await guest.reason("agent.run", { message: "x", record: true }),
    await guest.reason("session.list"),
    await guest.reason("runs.list"),
    await guest.reason("tool.list"),
    await guest.reason("tool.call", { tool: "time" }),
    await guest.reason("config.get"),
    await guest.reason("usage.summary"),
    await guest.reason("runs.get", { run_id }),
    await guest.reason("agent.steer", { run_id, message: "x" }),
    await guest.reason("agent.abort", { run_id }),
    await guest.reason("runs.wait", { run_id: "run_none" }),
    await guest.reason("runs.wait", {}),
  ];
  expect(asked).toEqual([...Array(12).fill("forbidden"), ...Array(5).fill("not_found")]);
});

test("an invite is for one person: whoever comes second is turned away, and a session token comes back", async () => {
  await using t = await conversation();
  using guest = await inviteGuest(t);
  expect(openGuest(t.url, guest.inviteId, { invite: guest.invite })).rejects.toThrow("auth_failed");
  expect(openGuest(t.url, "x", { invite: "aleph_inv_wrong" })).rejects.toThrow("auth_failed");
  t.fake.answer(() => "first");
  await guest.ask("session.send", { message: "hi" });
  using again = await openGuest(t.url, guest.inviteId, { session_token: String(guest.hello.session_token) });
  expect(again.hello.identity).toEqual({ id: guest.inviteId, kind: "guest" });
  const { messages } = (await again.ask("session.history")).result as { messages: unknown[] };
  expect(messages).toHaveLength(2);
});

test("a guest's conversation leaves nothing on disk", async () => {
  await using t = await conversation({ config: { log: { level: "debug" }, debug: { record: true } } });
  const words = ["kumquat", "persimmon", "rambutan"];
  t.fake.answer(({ body }) =>
    body.messages.at(-1).role === "user" ? calls({ name: "grep", args: { pattern: "rambutan" } }) : "a ripe persimmon",
  );
  using guest = await inviteGuest(t, { tools: ["grep"] });
  const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const { result } = await guest.ask("session.send", {
    message: "a kumquat",
    attachments: [{ mime: "image/png", data: png }],
    idempotency_key: "kumquat-key",
  });
  expect(result).toMatchObject({ text: "a ripe persimmon" });
  // What the owner says is there: the search would find it.
  t.fake.answer(() => "fine");
  await t.client.call("session.send", { message: "a durian", session_key: MAIN });
  const kept = (await t.client.call("audit.list", {})).rows;
  expect(kept.some(({ identity }) => identity === guest.inviteId)).toBe(true);
  await t.app[Symbol.asyncDispose]();
  expect(t.logs.filter((entry) => words.some((word) => JSON.stringify(entry).includes(word)))).toEqual([]);
  const names = await readdir(t.home.path, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const database = Buffer.from(await Bun.file(join(t.home.path, "aleph.db")).bytes());
  expect(database.includes("a durian")).toBe(true);
  const png8 = Buffer.from(png, "base64").subarray(0, 60);
  for (const file of files) {
    const bytes = Buffer.from(await Bun.file(file).bytes());
    const found = [...words, result!.run_id as string].filter((word) => bytes.includes(word));
    expect([file, found, bytes.includes(png8)]).toEqual([file, [], false]);
  }
});

test("a guest whose allowance is used up is told so, also by the run that is under way", async () => {
  await using t = await conversation({ config: { limits: { rate: { run: 0 } } } });
  t.fake.answer(() => ({ steps: ["ok"], usage: { input: 90, output: 10 } }));
  using guest = await inviteGuest(t, { budget: { tokens: 150 } });
  expect((await guest.ask("session.send", { message: "one" })).result).toMatchObject({ text: "ok" });
  expect((await guest.ask("session.send", { message: "two" })).result).toMatchObject({ text: "ok" });
  expect((await guest.ask("session.send", { message: "three" })).error).toMatchObject({
    code: -32005,
    data: { reason: "budget_exceeded", budget: "invite", unit: "tokens", limit: 150, used: 200 },
  });
  using other = await inviteGuest(t, { tools: ["time"], budget: { tokens: 150 } });
  t.fake.answer(() => ({
    steps: calls({ name: "time", args: {} }),
    usage: { input: 90, output: 10 },
    finish: "tool_calls",
  }));
  expect((await other.ask("session.send", { message: "loop" })).error?.data).toMatchObject({ reason: "limit_reached" });
});

test("a guest who stops each reply before its end uses up the allowance too", async () => {
  await using t = await conversation({ config: { limits: { rate: { run: 0 } } } });
  const never = Promise.withResolvers<void>();
  t.fake.answer(() => ({ steps: ["and so on ".repeat(1000), { wait: never.promise }] }));
  using guest = await inviteGuest(t, { budget: { tokens: 2000 } });
  await guest.ask("events.subscribe", { pattern: "**" });
  const { result } = await guest.ask("agent.run", { message: "go on and on" });
  await until(() => topics(guest.socket).includes("stream.chunk"));
  await guest.ask("agent.abort", { run_id: result!.run_id });
  await until(() => topics(guest.socket).includes("agent.cancelled"));
  expect((await guest.ask("agent.run", { message: "again" })).error).toMatchObject({
    data: { reason: "budget_exceeded", budget: "invite", unit: "tokens", limit: 2000, used: expect.any(Number) },
  });
  never.resolve();
});

test("a guest's stay ends with the invite's time: socket, session token and session", async () => {
  const clock = { ahead: 0 };
  await using t = await conversation({ now: () => Date.now() + clock.ahead });
  t.fake.answer(() => "hi");
  using guest = await inviteGuest(t, { expires_in_ms: 3_600_000 });
  await guest.ask("session.send", { message: "hello" });
  const sessionToken = String(guest.hello.session_token);
  clock.ahead = 3_600_001;
  guest.socket.send("{}");
  expect(await guest.socket.closed).toEqual({ code: 4401, reason: "credential expired" });
  expect(openGuest(t.url, guest.inviteId, { session_token: sessionToken })).rejects.toThrow("auth_failed");
});

test("a revoked invite ends the guest's socket, run and session at once", async () => {
  await using t = await conversation();
  const hung = Promise.withResolvers<void>();
  t.fake.answer(() => [{ wait: hung.promise }, "late"]);
  using guest = await inviteGuest(t);
  const { result } = await guest.ask("agent.run", { message: "hello" });
  await until(() => t.fake.requests.length === 1);
  await t.client.call("auth.invites.revoke", { invite_id: guest.inviteId });
  expect(await guest.socket.closed).toMatchObject({ code: 4401 });
  await t.fake.requests[0]!.ended;
  await until(() =>
    t.client.call("session.get", { session_key: guest.sessionKey }).then(
      () => false,
      ({ reason }) => reason === "not_found",
    ),
  );
  expect(t.client.call("runs.get", { run_id: String(result!.run_id) })).rejects.toMatchObject({ reason: "not_found" });
  const session = { session_token: String(guest.hello.session_token) };
  expect(openGuest(t.url, guest.inviteId, session)).rejects.toThrow("auth_failed");
  hung.resolve();
});

test("a guest has a tenth of the rates", async () => {
  await using t = await conversation({ config: { limits: { rate: { read: 30 } } } });
  using guest = await inviteGuest(t);
  const reasons: unknown[] = [];
  for (let i = 0; i < 10; i++) reasons.push(await guest.reason("rpc.ping"));
  expect(reasons.slice(0, 3)).toEqual([undefined, undefined, undefined]);
  expect(reasons).toContain("rate_limited");
});
