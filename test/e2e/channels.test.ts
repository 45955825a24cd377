/** People write over Telegram while the executable is killed again and again, between the platform and the database above all. */
import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ChatSurvivor } from "../support/chat-survivor.ts";
import { runExecutable, startServer, testExecutable } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { fakeTelegram, TELEGRAM } from "../support/telegram.ts";
import { until } from "../support/until.ts";

/** The full proof takes 200; they take a minute and more. */
const KILLS = Number(process.env.ALEPH_KILLS ?? 40);
const SEED = Number(process.env.ALEPH_SEED ?? 20_261_121);

testExecutable(
  `the executable killed ${KILLS} times answers every message of a chat once (ALEPH_KILLS, ALEPH_SEED=${SEED})`,
  async () => {
    await using folder = await testFolder();
    const home = folder.path;
    await using survivor = new ChatSurvivor(SEED);
    writeFileSync(join(home, "config.toml"), survivor.config, { mode: 0o600 });

    for (let kill = 0; kill < KILLS; kill++) {
      await using server = await startServer({ home });
      await survivor.outlive(server);
    }

    await using server = await startServer({ home });
    await survivor.verify(server);
    server.kill("SIGTERM");
    const { code } = await server.finished;
    console.log(`after ${KILLS} kills: ${JSON.stringify(survivor.counts)}`);
    expect({ code, problems: survivor.problems, left: leftIn(home) }).toEqual({
      code: 0,
      problems: [],
      left: { integrity: ["ok"], unanswered: 0, unsent: 0 },
    });
    expect(survivor.counts.asked).toBeGreaterThan(KILLS);
    expect(survivor.counts.answered).toBeGreaterThan(0);
    expect(survivor.counts.mostOfOneKill).toBeLessThanOrEqual(1);
  },
  400_000,
);

testExecutable(
  "the executable answers over Telegram, lets a stranger in and asks its owner, with buttons",
  async () => {
    await using t = await openChat();
    t.provider.reply("It is **noon**.");
    t.telegram.say("what time is it?");
    await until(() => t.telegram.texts().includes("It is noon."));

    t.telegram.say("hello?", { user: TELEGRAM.stranger });
    const asked = await until(() => t.telegram.messages.find(({ chat }) => chat === TELEGRAM.stranger.id));
    const [, code = ""] = /aleph pairing approve (\S+)/.exec(asked.text) ?? [];
    const { code: exit } = await runExecutable({ home: t.home, args: ["pairing", "approve", code] });
    expect([exit, t.provider.requests.length]).toEqual([0, 1]);
    t.provider.reply("Welcome.");
    t.telegram.say("hello!", { user: TELEGRAM.stranger });
    await until(() => t.telegram.texts().includes("Welcome."));

    t.provider.reply([{ tool_call: { name: "exec", args: { command: "echo yes > out.txt" } } }], "Written.");
    t.telegram.say("write it");
    const question = await until(() => t.telegram.messages.find(({ buttons }) => buttons.length > 0));
    expect(question).toMatchObject({ chat: TELEGRAM.owner.id });
    expect(question.text).toContain("command: echo yes > out.txt");
    t.telegram.press(question, "Deny");
    await until(() => t.telegram.texts().includes("Written."));
    expect(JSON.stringify(t.provider.requests.at(-1)!.body.messages.at(-1))).toMatch(/denied|refused/i);
  },
  60_000,
);

testExecutable(
  "the executable brings an answer to its end though Telegram goes away in the middle of it",
  async () => {
    await using t = await openChat();
    const gate = Promise.withResolvers<void>();
    t.provider.reply({ steps: ["The first half, ", { wait: gate.promise }, "and the second."] });
    t.telegram.say("go on");
    await until(() => t.telegram.texts()[0] === "The first half,");
    t.telegram.fail("getUpdates", () => "hang up");
    t.telegram.fail("getMe", () => "hang up");
    t.telegram.fail("editMessageText", () => "hang up");
    // The poll that is under way ends, and the next one fails.
    t.telegram.say("are you there?");
    t.provider.reply("I am.");
    gate.resolve();
    await until(() => t.telegram.texts().includes("I am."), 30_000);
    await until(() => t.telegram.texts()[0] === "The first half, and the second.", 30_000);
    expect(t.telegram.texts()).toEqual(["The first half, and the second.", "I am."]);
  },
  90_000,
);

async function openChat() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await testFolder());
  const telegram = stack.use(fakeTelegram());
  const provider = stack.use(startOpenAiFake());
  const config = [
    "[interfaces.telegram]",
    `token = "${TELEGRAM.token}"`,
    `api_root = "${telegram.url}"`,
    `allow_from = ["${TELEGRAM.owner.id}"]`,
    "[providers.fake]",
    'type = "openai-compatible"',
    `base_url = "${provider.url}"`,
    'api_key = "fake"',
    'models = ["test-model"]',
    "[models]",
    'default = "fake/test-model"',
  ];
  writeFileSync(join(folder.path, "config.toml"), config.join("\n"), { mode: 0o600 });
  stack.use(await startServer({ home: folder.path }));
  const owned = stack.move();
  return { home: folder.path, telegram, provider, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

function leftIn(home: string) {
  using db = new Database(join(home, "aleph.db"), { readonly: true });
  const count = (sql: string) => db.query<{ count: number }, []>(`SELECT count(*) AS count FROM ${sql}`).get()?.count;
  return {
    integrity: db
      .query<{ integrity_check: string }, []>("PRAGMA integrity_check")
      .all()
      .map((row) => row.integrity_check),
    unanswered: count("channel_inbox WHERE answered = 0"),
    unsent: count("channel_outbox"),
  };
}
