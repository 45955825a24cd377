/** Messages over Telegram, or what stands for it: from the update to the answer, and a burst in many chats. */
import { readFileSync } from "node:fs";
import { startOpenAiFake } from "../../test/support/providers/openai.ts";
import { fakeTelegram, TELEGRAM } from "../../test/support/telegram.ts";
import { until } from "../../test/support/until.ts";
import { makeHome, median, ms, type Programs, percentile, type Row, startReadyAleph } from "./bench.ts";

const WARM_UP = 20;
const MESSAGES = 200;
/** A session grows with each message; a new one keeps them alike. */
const MESSAGES_PER_CHAT = 10;
const BAR_MS = 10;
const CHATS = 1000;
const ROUNDS = 10;
const SHARE = 0.2;
const LONGEST_MS = 600_000;

export async function measureChannels(programs: Programs): Promise<readonly Row[]> {
  return [...(await measureAnswer(programs)), ...(await measureBurst(programs))];
}

async function measureAnswer(programs: Programs): Promise<readonly Row[]> {
  let calls = new Map<string, number>();
  const around = (method: string, when: "before" | "after"): undefined => {
    if (when === "before" && !calls.has(method)) calls.set(method, performance.now());
  };
  await using chat = await openChat(programs, around);
  const samples = { typing: [] as number[], answer: [] as number[] };
  for (let at = 0; at < WARM_UP + MESSAGES; at++) {
    calls = new Map();
    const began = performance.now();
    chat.telegram.say(`Question ${at}`, { group: groupOf(Math.floor(at / MESSAGES_PER_CHAT)) });
    await until(() => chat.telegram.messages.length > at);
    if (at < WARM_UP) continue;
    samples.typing.push(calls.get("sendChatAction")! - began);
    samples.answer.push(calls.get("sendMessage")! - began);
  }
  const answer = median(samples.answer);
  return [
    {
      name: `Telegram: from the update to the answer on its way, with a model that answers at once; median, p95 of ${MESSAGES}`,
      aleph: `${ms(answer)}, ${ms(percentile(samples.answer, 0.95))}`,
      baseline: "",
      bar: { text: `≤ ${BAR_MS} ms`, value: ms(answer), holds: answer <= BAR_MS },
    },
    {
      name: "the same, to the sign that somebody writes",
      aleph: `${ms(median(samples.typing))}, ${ms(percentile(samples.typing, 0.95))}`,
      baseline: "",
    },
  ];
}

async function measureBurst(programs: Programs): Promise<readonly Row[]> {
  await using chat = await openChat(programs);
  const burst = async (rounds: number) => {
    const before = chat.telegram.messages.length;
    for (let round = 0; round < rounds; round++) {
      for (let at = 0; at < CHATS; at++) chat.telegram.say(`Question ${round}`, { group: groupOf(at) });
    }
    await until(() => chat.telegram.messages.length - before >= rounds * CHATS, LONGEST_MS);
  };
  chat.telegram.say("Question", { group: groupOf(0) });
  await until(() => chat.telegram.messages.length > 0);
  const warm = await settledMemory(chat.pid);
  // What is loaded once, the sessions and the heap that such a burst grows are there after the first one; what stays of each
  // further one would be lost.
  await burst(ROUNDS);
  const before = await settledMemory(chat.pid);
  chat.telegram.messages.splice(0);
  const began = performance.now();
  await burst(ROUNDS);
  const seconds = (performance.now() - began) / 1000;
  const peak = memoryOf(chat.pid, "VmHWM");
  const after = await settledMemory(chat.pid);
  const answers = new Map<number, number>();
  for (const { chat: id } of chat.telegram.messages) answers.set(id, (answers.get(id) ?? 0) + 1);
  const wrong = [...answers.values()].filter((count) => count !== ROUNDS).length + CHATS - answers.size;
  const growth = after / before - 1;
  return [
    {
      name: `Telegram: ${ROUNDS} messages in each of ${CHATS} chats at once, all answered`,
      aleph: `${seconds.toFixed(1)} s, ${Math.round((ROUNDS * CHATS) / seconds)} answers/s`,
      baseline: "",
      bar: { text: "none lost or doubled", value: `${wrong} chats differ`, holds: wrong === 0 },
    },
    {
      name: "memory (RSS) after one message; after one such burst; after the next one; at most",
      aleph: `${mib(warm)}; ${mib(before)}; ${mib(after)}; ${mib(peak)}`,
      baseline: "",
      bar: {
        text: "≤ 20 % more than after the first",
        value: `${(growth * 100).toFixed(0)} %`,
        holds: growth <= SHARE,
      },
    },
  ];
}

async function openChat(programs: Programs, around?: NonNullable<Parameters<typeof fakeTelegram>[0]>["around"]) {
  await using stack = new AsyncDisposableStack();
  const telegram = stack.use(fakeTelegram(around ? { around } : {}));
  const provider = stack.use(startOpenAiFake());
  provider.answer(() => "The answer.");
  const config = [
    "[interfaces.telegram]",
    `token = "${TELEGRAM.token}"`,
    `api_root = "${telegram.url}"`,
    `allow_from = ["${TELEGRAM.owner.id}"]`,
    "stream = false",
    'groups = {"*" = {require_mention = false}}',
    "[providers.bench]",
    'type = "openai-compatible"',
    `base_url = "${provider.url}"`,
    'api_key = "bench"',
    'models = ["test-model"]',
    "[models]",
    'default = "bench/test-model"',
  ];
  const home = stack.use(makeHome(config.join("\n")));
  const { pid } = stack.use(await startReadyAleph(programs, home.path));
  const owned = stack.move();
  return { telegram, pid, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

function groupOf(at: number): number {
  return -100_000 - at;
}

/** When it does not fall any more, or for half a minute. */
async function settledMemory(pid: number): Promise<number> {
  let least = memoryOf(pid, "VmRSS");
  for (let quiet = 0, at = 0; quiet < 5 && at < 30; at++) {
    await Bun.sleep(1000);
    const now = memoryOf(pid, "VmRSS");
    quiet = now < least * 0.99 ? 0 : quiet + 1;
    least = Math.min(least, now);
  }
  return least;
}

/** Kilobytes. */
function memoryOf(pid: number, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

function mib(kilobytes: number): string {
  return `${(kilobytes / 1024).toFixed(0)} MiB`;
}
