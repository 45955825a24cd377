/** A session of 100,000 messages: opened, as the panel does, and gone on with, as much of it going to the model as fits. */
import { join } from "node:path";
import { fillSession } from "../../test/support/long-session.ts";
import { startOpenAiFake } from "../../test/support/providers/openai.ts";
import { openRawSocket, type RawSocket } from "../../test/support/raw-socket.ts";
import { makeHome, median, ms, type Programs, type Row, startReadyAleph } from "./bench.ts";

const MESSAGES = 100_000;
const OPENS = 25;
const BAR_MS = 20;
const TURNS = 15;
const KEY = "agent:main:chat:long";
const SHORT_KEY = "agent:main:chat:short";

export async function measureHistory(programs: Programs): Promise<readonly Row[]> {
  await using fake = startOpenAiFake();
  let askedAt = 0;
  let sent = 0;
  fake.answer(({ body }) => {
    askedAt = performance.now();
    sent = body.messages.length;
    return "Fine";
  });
  using home = makeHome(configOf(fake.url));
  {
    await using aleph = await startReadyAleph(programs, home.path);
    using socket = await openRawSocket(`http://127.0.0.1:${aleph.port}`, aleph.token);
    await socket.call("session.create", { session_key: KEY });
    await socket.call("session.create", { session_key: SHORT_KEY });
  }
  fill(join(home.path, "aleph.db"));
  await using aleph = await startReadyAleph(programs, home.path);
  using socket = await openRawSocket(`http://127.0.0.1:${aleph.port}`, aleph.token);
  // The methods themselves are loaded by opening another session first; that is not what is measured.
  const loading = await open(socket, SHORT_KEY);
  const first = await open(socket, KEY);
  const later: number[] = [];
  for (let round = 0; round < OPENS; round++) later.push(await open(socket, KEY));
  const send = async (key: string) => {
    const began = performance.now();
    await socket.call("session.send", { session_key: key, message: "And now?" });
    return askedAt - began;
  };
  const asked = { short: [] as number[], long: [] as number[] };
  for (let turn = 0; turn < TURNS; turn++) {
    asked.short.push(await send(SHORT_KEY));
    asked.long.push(await send(KEY));
  }
  return [
    {
      name: `from a message to the provider's first byte of it, in that session (${sent.toLocaleString("en-US")} messages fit); in a short one; medians of ${TURNS}`,
      aleph: `${ms(median(asked.long))}; ${ms(median(asked.short))}`,
      baseline: "",
    },
    {
      name: `opening a session of ${MESSAGES.toLocaleString("en-US")} messages after a start; later, median of ${OPENS}`,
      aleph: `${ms(first)}; ${ms(median(later))}`,
      baseline: "",
      bar: { text: `≤ ${BAR_MS} ms`, value: ms(first), holds: first <= BAR_MS },
    },
    { name: "opening the first, empty session after a start", aleph: ms(loading), baseline: "" },
  ];
}

async function open(socket: RawSocket, key: string): Promise<number> {
  const began = performance.now();
  const [, history] = await Promise.all([
    socket.call("session.get", { session_key: key }),
    socket.call<{ messages: unknown[] }>("session.history", { session_key: key, limit: 100 }),
  ]);
  const took = performance.now() - began;
  if (key === KEY && history.messages.length !== 100) throw new Error("The history is not what was written");
  return took;
}

function fill(database: string): void {
  const began = Date.now() - MESSAGES * 1000;
  fillSession({
    database,
    key: KEY,
    count: MESSAGES,
    textOf: (index) => `Message ${index}: ${"a few words that a person might have written ".repeat(5)}`,
    tsOf: (index) => began + index * 1000,
  });
}

function configOf(url: string): string {
  return [
    "[providers.bench]",
    'type = "openai-compatible"',
    `base_url = "${url}"`,
    'api_key = "bench"',
    'models = ["test-model"]',
    "[models]",
    'default = "bench/test-model"',
    // What is measured is the reading; the fake takes no notes.
    "[sessions.compaction]",
    "enabled = false",
  ].join("\n");
}
