import { expect, test } from "bun:test";
import { DISCORD, fakeDiscord } from "../../support/discord.ts";
import { SILENCE } from "../../support/discord-gateway.ts";
import { testFolder } from "../../support/folder.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";
import { until } from "../../support/until.ts";
import { LATE, setUp, startOn } from "./set-up.ts";

test("Gateway takes at the next start what was written while no process ran", async () => {
  await using folder = await testFolder();
  await using discord = fakeDiscord();
  await using fake = startOpenAiFake();
  fake.answer(({ body }) => `Answer to ${body.messages.at(-1).content}`);
  const more = { home: folder.path, fake };
  {
    await using first = await startOn(discord, { stream: false }, more);
    await first.isRunning();
    discord.say("one");
    await until(() => discord.messages.length === 1);
  }
  expect(discord.gateway.seen.closed).toEqual([4200]);
  discord.say("two");
  await using second = await startOn(discord, { stream: false }, more);
  await second.isRunning();
  await until(() => discord.messages.length === 2);
  expect(discord.texts()).toEqual(["Answer to one", "Answer to two"]);
  const { identify, resume } = discord.gateway.seen;
  expect([identify, resume, fake.requests.length]).toEqual([1, 1, 2]);
});

test("Gateway begins a new session where Discord knows the old one no longer", async () => {
  await using folder = await testFolder();
  await using discord = fakeDiscord();
  await using fake = startOpenAiFake();
  const more = { home: folder.path, fake };
  {
    await using first = await startOn(discord, {}, more);
    await first.isRunning();
  }
  discord.gateway.forget();
  await using second = await startOn(discord, {}, more);
  await second.isRunning();
  fake.reply("Here.");
  discord.say("there?");
  await until(() => discord.messages.length === 1);
  expect([discord.gateway.seen.identify, discord.gateway.seen.resume]).toEqual([2, 1]);
});

test("Gateway gets again what could not be kept, and takes it once", async () => {
  await using t = await setUp({ stream: false });
  t.fake.reply("In the thread.");
  // Where it was written cannot be learned.
  t.discord.fail(`GET /channels/${DISCORD.thread}`, () => "hang up");
  t.discord.say("hi", { channel: DISCORD.thread, ...t.discord.named("hi") });
  await until(async () => (await t.status()).error !== null);
  expect((await t.status()).error).toEqual({ reason: "overloaded", message: "Discord answers 502" });
  await until(() => t.discord.messages.length === 1, LATE);
  expect([t.discord.messages[0]?.channel, t.discord.gateway.seen.identify]).toEqual([DISCORD.thread, 1]);
  expect(t.fake.requests).toHaveLength(1);
});

test("Gateway connects anew when Discord asks it to, and when it is not heard any more", async () => {
  await using t = await setUp({ stream: false }, { heartbeatMs: 300 });
  const { gateway } = t.discord;
  await until(() => gateway.seen.heartbeat > 1);
  gateway.renew();
  await until(() => gateway.seen.resume === 1, LATE);
  gateway.beats(false);
  await until(() => gateway.seen.resume === 2, LATE);
  gateway.beats(true);
  t.fake.reply("Still here.");
  t.discord.say("there?");
  await until(() => t.discord.messages.length === 1, LATE);
  expect([gateway.seen.identify, (await t.status()).state]).toEqual([1, "running"]);
});

test("Gateway is given up when it is closed again and again, shows that, and is opened once more", async () => {
  await using t = await setUp();
  const { gateway } = t.discord;
  gateway.refusals.push(4000, 4000, 4000, 4000, 4000);
  gateway.cut();
  const broken = await until(async () => {
    const now = await t.status();
    return now.error !== null && now;
  }, LATE);
  expect([broken.state, broken.error]).toEqual([
    "error",
    { reason: "overloaded", message: "Discord's gateway closes the connection again and again (4000)" },
  ]);
  await t.isRunning();
  t.fake.reply("Back.");
  t.discord.say("back?");
  await until(() => t.discord.messages.length === 1, LATE);
});

test("Gateway says what is wrong with the token, the intents, and where it is to connect", async () => {
  const failed = async (discord: ReturnType<typeof fakeDiscord>, token: string = DISCORD.token) => {
    await using t = await startOn(discord, { token });
    const { error } = await until(async () => {
      const now = await t.status();
      return now.state === "error" && now;
    }, LATE);
    expect(JSON.stringify(t.logs)).not.toContain(token);
    return error;
  };
  const unknown = { reason: "auth_failed", message: "Discord does not know the bot's token" } as const;

  await using discord = fakeDiscord();
  expect(await failed(discord, "wrong.token.of-a-bot")).toEqual(unknown);

  await using closed = fakeDiscord();
  closed.gateway.refusals.push(4004);
  expect(await failed(closed)).toEqual(unknown);

  await using blind = fakeDiscord({ messageContent: false });
  expect(await failed(blind)).toEqual({
    reason: "forbidden",
    message: `Discord does not let the bot read messages. Switch on "Message Content Intent" under "Privileged Gateway Intents" at https://discord.com/developers/applications/${DISCORD.application}/bot`,
  });

  await using large = fakeDiscord();
  large.gateway.refusals.push(4011);
  expect((await failed(large))?.reason).toBe("limit_reached");

  await using lost = fakeDiscord();
  const limit = { total: 1000, remaining: 999, reset_after: 1000, max_concurrency: 1 };
  lost.fail("GET /gateway/bot", () => Response.json({ url: "http://x", shards: 1, session_start_limit: limit }));
  expect(await failed(lost)).toEqual({ reason: "internal", message: '"http://x" is no address of a gateway' });

  await using spent = fakeDiscord();
  spent.fail("GET /gateway/bot", () =>
    Response.json({ url: "ws://127.0.0.1:1", shards: 1, session_start_limit: { ...limit, remaining: 0 } }),
  );
  expect((await failed(spent))?.reason).toBe("rate_limited");
});

test("Gateway stops while it waits to connect again, and while nobody greets it", async () => {
  await using discord = fakeDiscord();
  const { gateway } = discord;
  await using t = await startOn(discord);
  await t.isRunning();
  gateway.cut();
  await until(() => gateway.open() === 0);
  await t.client.call("interface.stop", { interface: "discord" });
  expect((await t.status()).state).toBe("stopped");

  gateway.refusals.push(SILENCE);
  const starting = t.client.call("interface.start", { interface: "discord" });
  await until(() => gateway.open() === 1);
  await t.client.call("interface.stop", { interface: "discord" });
  await starting;
  await until(() => gateway.open() === 0);
  expect((await t.status()).state).toBe("stopped");

  await t.client.call("interface.start", { interface: "discord" });
  await t.isRunning();
  expect(gateway.open()).toBe(1);
});
