/** Webhooks of the compiled executable: in, out over kill -9, and commands after events. */
import { expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runExecutable, startServer, testExecutable, testExecutableIf } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { openRawSocket } from "../support/raw-socket.ts";
import { until } from "../support/until.ts";
import { SECRET, sendHook, startTaker } from "../support/webhooks.ts";

const LONG_MS = 120_000;

function toml(taker: string, more = ""): string {
  return `
[webhooks.in.github]
secret = "env:HOOK_SECRET"
message = "Look at {{issue.title}}"

[webhooks.out.ci]
url = "${taker}"
events = ["session.created", "agent.completed"]
secret = "env:HOOK_SECRET"
${more}`;
}

testExecutable(
  "the executable takes a signed delivery once, also over kill -9, and refuses all others",
  async () => {
    await using folder = await testFolder();
    await using taker = startTaker();
    writeFileSync(join(folder.path, "config.toml"), toml(taker.url), { mode: 0o600 });
    const start = { home: folder.path, env: { HOOK_SECRET: SECRET } };
    let run: unknown;
    {
      await using server = await startServer(start);
      const taken = await sendHook(server.url, { issue: { title: "It breaks" } });
      expect([taken.status, Object.keys(taken.body)]).toEqual([202, ["run_id"]]);
      run = taken.body.run_id;
      server.kill("SIGKILL");
      await server.finished;
    }
    await using server = await startServer(start);
    expect((await sendHook(server.url, { issue: { title: "It breaks" } })).body).toEqual({
      run_id: run,
      duplicate: true,
    });
    expect((await sendHook(server.url, { issue: {} }, { secret: "wrong" })).status).toBe(401);
    using socket = await openRawSocket(server.url, server.token);
    const { messages } = await socket.call<{ messages: { role: string; content: string }[] }>("session.history", {
      session_key: "agent:main:webhook:github",
    });
    const said = messages.filter(({ role }) => role === "user").map(({ content }) => content);
    expect(said).toEqual(["Look at It breaks"]);
  },
  LONG_MS,
);

testExecutable(
  "the executable loses no event that is to go out, however often it is killed",
  async () => {
    await using folder = await testFolder();
    let isAway = true;
    await using taker = startTaker(() => new Response(null, { status: isAway ? 503 : 204 }));
    writeFileSync(join(folder.path, "config.toml"), toml(taker.url), { mode: 0o600 });
    const start = { home: folder.path, env: { HOOK_SECRET: SECRET } };
    const keys: string[] = [];
    for (let round = 0; round < 4; round++) {
      await using server = await startServer(start);
      using socket = await openRawSocket(server.url, server.token);
      for (let at = 0; at < 5; at++) {
        const key = `agent:main:chat:r${round}-${at}`;
        await socket.call("session.create", { session_key: key });
        keys.push(key);
      }
      server.kill("SIGKILL");
      await server.finished;
    }
    isAway = false;
    const before = taker.taken.length;
    await using server = await startServer(start);
    const arrived = () => taker.taken.slice(before).map(({ event }) => String(event.data.session_key));
    await until(() => arrived().length >= keys.length, LONG_MS);
    expect(arrived()).toEqual(keys);
    const listed = await runExecutable({ ...start, args: ["webhooks", "list", "--json"] });
    expect(JSON.parse(listed.stdout).out).toMatchObject([{ name: "ci", waiting: 0, dead: 0 }]);
    expect(listed.stdout + server.output()).not.toContain("canary-path");
  },
  LONG_MS,
);

testExecutableIf(process.platform === "linux")(
  "the executable runs a command after an event",
  async () => {
    await using folder = await testFolder();
    await using taker = startTaker();
    const hook = `[[hooks]]\nevent = "session.created"\ncommand = "cat > event.json"\n`;
    writeFileSync(join(folder.path, "config.toml"), toml(taker.url, hook), { mode: 0o600 });
    await using server = await startServer({ home: folder.path, env: { HOOK_SECRET: SECRET } });
    using socket = await openRawSocket(server.url, server.token);
    await socket.call("session.create", { session_key: "agent:main:chat:a" });
    const counted = () => socket.call<{ hooks: { runs: number }[] }>("webhooks.list", {});
    await until(async () => (await counted()).hooks[0]!.runs === 1, LONG_MS);
    expect(JSON.parse(readFileSync(join(folder.path, "workspaces", "main", "event.json"), "utf8"))).toMatchObject({
      topic: "session.created",
    });
  },
  LONG_MS,
);
