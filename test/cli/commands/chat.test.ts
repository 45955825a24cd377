import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli, startCli } from "../../support/cli.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { fakeHome } from "../../support/fake-home.ts";
import { testFolder } from "../../support/folder.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";

test("chat works on a fresh machine, with the demo provider", async () => {
  await using home = await testFolder();
  const { code, stdout, stderr } = await runCli(["chat", "help"], { home: home.path });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toStartWith("I am the demo provider of Aleph");
  expect(stdout).toEndWith("\n");
});

test("chat streams what the model says to the output and nothing else", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  fake.reply(["Hello ", "from ", "m"]);
  expect(await runCli(["chat", "Hi", "there"], { home: home.path })).toEqual({
    code: 0,
    stdout: "Hello from m\n",
    stderr: "",
  });
  expect(fake.requests[0]!.body.messages.at(-1)).toEqual({
    role: "user",
    content: expect.stringContaining("Hi there"),
  });
});

test("chat shows text as it arrives", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  const more = Promise.withResolvers<void>();
  fake.reply(["First", { wait: more.promise }, " and second"]);
  await using running = startCli(["chat", "Hi"], { home: home.path });
  await running.waitFor("First");
  more.resolve();
  expect(await running.finished).toEqual({ code: 0, stdout: "First and second\n", stderr: "" });
});

test("chat takes the message from standard input, or puts it below the arguments", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  fake.reply("one", "two");
  await runCli(["chat"], { home: home.path, stdin: "From a pipe\n" });
  await runCli(["chat", "Look at this:"], { home: home.path, stdin: "a\nb\n" });
  const said = fake.requests.map(({ body }) => body.messages.at(-1).content);
  expect(said).toEqual([expect.stringContaining("From a pipe"), expect.stringContaining("Look at this:\n\na\nb")]);
});

test("chat with --json prints an event a line, and the result last", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  fake.reply(["He", "llo\u009b"]);
  const { code, stdout, stderr } = await runCli(["chat", "Hi", "--json"], { home: home.path });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(/(?!\n)\p{Cc}/u.test(stdout)).toBe(false);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const text = lines.filter(({ topic }) => topic === "stream.chunk").map(({ data }) => data.content);
  expect(text.join("")).toBe("Hello\u009b");
  expect(lines.at(-2)).toMatchObject({ topic: "agent.completed", data: { text: "Hello\u009b" } });
  expect(lines.at(-1)).toEqual({
    result: {
      run_id: lines[0].data.run_id,
      session_key: MAIN,
      status: "completed",
      text: "Hello\u009b",
      usage: { input: 10, output: 5, cache_read: 0, cache_write: 0, cost_usd: null },
    },
  });
});

test("chat ends with code 1 and the reason when the provider fails", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  fake.answer(() => ({ status: 401, message: "no" }));
  const plain = await runCli(["chat", "Hi"], { home: home.path });
  expect({ code: plain.code, stdout: plain.stdout }).toEqual({ code: 1, stdout: "" });
  expect(plain.stderr).toMatch(/^Error: Provider "fake" refused the API key .*\nCheck the key: .+\n$/m);
  const unknown = await runCli(["chat", "Hi", "--model", "nosuch"], { home: home.path });
  expect(unknown).toEqual({ code: 1, stdout: "", stderr: 'Error: Model "nosuch" is not known\nSee: aleph models\n' });
  const json = await runCli(["chat", "Hi", "--json"], { home: home.path });
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout.trimEnd().split("\n").at(-1)!)).toMatchObject({
    result: { status: "failed", error: { reason: "provider_error" } },
  });
});

test("chat on a pipe denies what needs an approval, says so with the whole plan, and ends with code 77", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  fake.reply([{ tool_call: { name: "exec", args: { command: "mkdir 'x\x1b[2J'" } } }], "I could not.");
  const { code, stdout, stderr } = await runCli(["chat", "Do it"], { home: home.path, stdin: "y\ny\n" });
  expect({ code, stdout }).toEqual({ code: 77, stdout: "I could not.\n" });
  expect(stderr).toContain("? Allow exec?");
  expect(stderr).toContain("command                 │ mkdir 'x\\x1b[2J'");
  expect(stderr).toContain("Denied: there is no terminal to ask at");
  expect(stderr).not.toContain("\x1b");
});

test("chat shows each tool call as a line", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  fake.reply(["Looking.", { tool_call: { name: "exec", args: { command: "ls" } } }], "Nothing there.");
  const { code, stdout, stderr } = await runCli(["chat", "What is there?"], { home: home.path });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "Looking.\n\nNothing there.\n" });
  expect(stderr).toMatch(/^\$ ls · \d+\.\d s\n$/);
});

test("chat sends files along", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  const png = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  );
  writeFileSync(join(home.path, "dot.png"), png);
  writeFileSync(join(home.path, "notes"), "Remember the milk");
  fake.reply("I see");
  const args = ["chat", "What is this?", "--attach", "dot.png", "-a", "notes"];
  expect(await runCli(args, { home: home.path })).toEqual({ code: 0, stdout: "I see\n", stderr: "" });
  const content = JSON.stringify(fake.requests[0]!.body.messages.at(-1).content);
  expect(content).toContain(png.toString("base64"));
  expect(content).toContain("Remember the milk");
});

test("chat goes on in the same session, in a named one, or in a new one", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  fake.answer(({ body }) => `${body.messages.filter(({ role }: { role: string }) => role === "user").length}`);
  const say = async (...args: string[]) => (await runCli(["chat", "Hi", ...args], { home: home.path })).stdout;
  expect([await say(), await say(), await say("--session", "agent:main:chat:x"), await say("--new")]).toEqual([
    "1\n",
    "2\n",
    "1\n",
    "1\n",
  ]);
  const { stdout } = await runCli(["sessions", "list", "--json"], { home: home.path });
  const keys = JSON.parse(stdout).sessions.map(({ session_key }: { session_key: string }) => session_key);
  expect(keys.toSorted()).toEqual([expect.stringMatching(/^agent:main:chat:/), "agent:main:chat:x", MAIN]);
});

test("chat asks the model that is wanted, and lets it think as long as is wanted", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  fake.reply("ok", [{ thinking: "Let me\x1b see" }, "ok"]);
  await runCli(["chat", "Hi", "--model", "fake/n"], { home: home.path });
  const thought = await runCli(["chat", "Hi", "--thinking", "high", "--thinking-text"], { home: home.path });
  expect(fake.requests.map(({ body }) => body.model)).toEqual(["n", "m"]);
  expect(fake.requests[1]!.body.reasoning_effort).toBe("high");
  expect(thought).toEqual({ code: 0, stdout: "ok\n", stderr: "Let me\\x1b see\n" });
});

test("chat cancels the run at Ctrl-C and ends with code 130", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  fake.reply({ steps: ["Going on"], end: "silence" });
  await using running = startCli(["chat", "Hi"], { home: home.path });
  await running.waitFor("Going on");
  running.kill("SIGINT");
  expect(await running.finished).toEqual({
    code: 130,
    stdout: "Going on\n",
    stderr: "cancelling; Ctrl-C again aborts what still runs\nThe run was cancelled\n",
  });
  expect(await fake.requests[0]!.ended).toBe("hung_up");
});

test("chat talks to the server that runs on the home", async () => {
  await using server = await conversation();
  server.fake.reply("Hello from the server");
  expect(await runCli(["chat", "Hi"], { home: server.home.path })).toEqual({
    code: 0,
    stdout: "Hello from the server\n",
    stderr: "",
  });
  const { messages } = await server.client.call("session.history", { session_key: MAIN });
  expect(messages.map(({ content }) => content)).toEqual(["Hi", "Hello from the server"]);
});

test("chat waits its turn when the session has another run", async () => {
  await using server = await conversation();
  const first = Promise.withResolvers<void>();
  server.fake.reply([{ wait: first.promise }, "one"], "two");
  await server.client.call("agent.run", { message: "first" });
  await server.fake.received(1);
  await using running = startCli(["chat", "second", "--json"], { home: server.home.path });
  await running.waitFor('"topic":"agent.queued"');
  first.resolve();
  const { code, stdout } = await running.finished;
  expect(code).toBe(0);
  expect(JSON.parse(stdout.trimEnd().split("\n").at(-1)!).result.text).toBe("two");
});

test.each([
  [["chat"], "There is no message"],
  [["chat", "x", "--new", "--session", "agent:main:x"], "--new and --session contradict each other"],
  [["chat", "x", "--attach", "missing.png"], 'There is no file "missing.png"'],
  [["chat", "x", "--attach", "."], '"." is not a file'],
  [
    ["chat", "x", "--session", "nonsense"],
    'Session key "nonsense" is not valid: it must begin with "agent:" or "subagent:"',
  ],
])("%j is refused with code 2", async (args, message) => {
  await using home = await testFolder();
  const { code, stdout, stderr } = await runCli(args, { home: home.path });
  expect({ code, stdout, first: stderr.split("\n")[0] }).toEqual({ code: 2, stdout: "", first: `Error: ${message}` });
});

test("chat with a message goes on without standard input when nothing comes there", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake);
  fake.reply("Hello");
  await using running = startCli(["chat", "Hi"], { home: home.path, openInput: true });
  expect(await running.finished).toEqual({
    code: 0,
    stdout: "Hello\n",
    stderr:
      "Waiting for standard input …\nNothing came on standard input; going on without it. Use </dev/null where there is none\n",
  });
}, 30_000);

test("chat refuses standard input that never ends", async () => {
  await using home = await testFolder();
  const { code, stderr } = await runCli(["chat"], { home: home.path, stdin: "y\n".repeat(600_000) });
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: "Error: Standard input is longer than 1000000 characters\nSend it as a file: --attach FILE\n",
  });
});
