/** People write over Discord while the executable is killed again and again: no message is lost, and none comes twice. */
import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DISCORD, fakeDiscord } from "../support/discord.ts";
import { startServer, testExecutable } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { seededRandom } from "../support/random.ts";
import { until } from "../support/until.ts";

const KILLS = Number(process.env.ALEPH_KILLS ?? 12);
const SEED = Number(process.env.ALEPH_SEED ?? 20_261_121);
const SLOW_MS = 450;
const MOST_OWED = 12;
const LATE = 60_000;

testExecutable(
  `the executable killed ${KILLS} times answers every message of Discord exactly once (ALEPH_KILLS, ALEPH_SEED=${SEED})`,
  async () => {
    await using folder = await testFolder();
    const home = folder.path;
    await using discord = fakeDiscord({ perSecond: 1000 });
    await using provider = startOpenAiFake();
    const random = seededRandom(SEED);
    provider.answer(({ body }) => [
      "Answer ",
      // Now and then it is shown before it is whole.
      { wait: Bun.sleep(random() < 0.3 ? SLOW_MS : random() * 20) },
      `to ${/q\d+$/.exec(String(body.messages.at(-1).content))?.[0]}.`,
    ]);
    const config = [
      "[interfaces.discord]",
      `token = "${DISCORD.token}"`,
      `api_root = "${discord.apiRoot}"`,
      `allow_from = ["${DISCORD.owner.id}"]`,
      "stream = false",
      "[providers.fake]",
      'type = "openai-compatible"',
      `base_url = "${provider.url}"`,
      'api_key = "fake"',
      'models = ["test-model"]',
      "[models]",
      'default = "fake/test-model"',
    ];
    writeFileSync(join(home, "config.toml"), config.join("\n"), { mode: 0o600 });
    const asked: string[] = [];
    const ask = () => {
      const text = `q${asked.length + 1}`;
      const where = random() < 0.3 ? { channel: DISCORD.thread, ...discord.named(text) } : {};
      asked.push(discord.say(text, where).id);
    };

    const owed = () => asked.filter((id) => !discord.messages.some(({ reply_to }) => reply_to === id));

    for (let kill = 0; kill < KILLS; kill++) {
      await using server = await startServer({ home });
      if (kill === 0) await until(() => discord.gateway.seen.identify === 1, LATE);
      for (let left = 1 + random() * 3; left > 0; left--) {
        ask();
        await Bun.sleep(random() * 80);
      }
      // From the first answer on there is a session that can be resumed; and no session takes more than so many that wait.
      await until(() => discord.messages.length > 0 && owed().length < MOST_OWED, LATE);
      server.kill("SIGKILL");
      await server.finished;
      ask();
    }

    await using server = await startServer({ home });
    await until(() => owed().length === 0, LATE).catch(() => expect(owed()).toEqual([]));
    server.kill("SIGTERM");
    expect((await server.finished).code).toBe(0);
    const answers = discord.messages.map(({ reply_to }) => reply_to);
    expect(answers.toSorted()).toEqual(asked.toSorted());
    expect(discord.gateway.seen.identify).toBe(1);
    using db = new Database(join(home, "aleph.db"), { readonly: true });
    expect(db.query("SELECT count(*) AS left FROM channel_outbox").get()).toEqual({ left: 0 });
  },
  300_000,
);
