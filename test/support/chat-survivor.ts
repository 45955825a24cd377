/**
 * People who write over two bots of Telegram while their server is killed: one bot answers at the end, one while the answer
 * grows. At the end each message must have one answer, or be told that it was interrupted.
 */
import type { Running } from "./executable.ts";
import type { Step } from "./providers/fake.ts";
import { startOpenAiFake } from "./providers/openai.ts";
import { seededRandom } from "./random.ts";
import { openRawSocket } from "./raw-socket.ts";
import { fakeTelegram, TELEGRAM, type TelegramMessage } from "./telegram.ts";
import { until } from "./until.ts";

type Server = Pick<Running, "kill" | "finished">;

/** When the server dies: at a call of this kind, in front of what the platform does, or behind it and before it hears of it. */
interface Plan {
  readonly method: "getUpdates" | "sendMessage" | "editMessageText";
  readonly when: "before" | "after";
  /** At the how many-th call. */
  calls: number;
}

interface Asked {
  readonly bot: number;
  readonly messageId: number;
  readonly text: string;
}

const BOTS = ["telegram", "second"] as const;
const PEOPLE = [1001, 1002, 1003, 1004];
const LONGEST_LIFE_MS = 350;
const LONGEST_STOP_MS = 300;
const SLOWEST_STEP_MS = 8;
/** Longer than it takes until an answer is shown while it grows. */
const SLOW_MS = 450;
const INTERRUPTED = "I was interrupted here. Write again and I go on.";

export class ChatSurvivor implements AsyncDisposable {
  readonly #random: () => number;
  /** Its own, so that the moments of death are the same for the same seed, whatever the server does meanwhile. */
  readonly #fate: () => number;
  readonly #bots = BOTS.map(() => fakeTelegram({ around: (method, when) => this.#around(method, when) }));
  readonly #provider = startOpenAiFake();
  readonly #asked: Asked[] = [];
  /** Of each bot: how many messages there were when a server had died. */
  readonly #deaths = BOTS.map((): number[] => []);
  #plan: Plan | undefined;
  #die: (() => void) | undefined;
  #isDead = false;
  readonly #counts = { answered: 0, interrupted: 0, duplicates: 0 };
  /** By death: what came twice because of it, over both bots. */
  readonly #twice = new Map<number, number>();
  /** What must not have happened. */
  readonly problems: string[] = [];

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#fate = seededRandom(seed + 1);
    this.#provider.answer(({ body }) => this.#reply(String(body.messages.at(-1).content)));
  }

  get counts() {
    return { asked: this.#asked.length, ...this.#counts, mostOfOneKill: Math.max(0, ...this.#twice.values()) };
  }

  /** What config.toml needs. */
  get config(): string {
    const bot = (at: number) => [
      `[interfaces.${BOTS[at]}]`,
      'type = "telegram"',
      `token = "${TELEGRAM.token}"`,
      `api_root = "${this.#bots[at]!.url}"`,
      `allow_from = [${PEOPLE.map((id) => `"${id}"`).join(", ")}]`,
      `stream = ${at === 1}`,
      'dm_scope = "per_channel_peer"',
      'groups = {"*" = {require_mention = false}}',
    ];
    return [
      ...bot(0),
      ...bot(1),
      "[providers.fake]",
      'type = "openai-compatible"',
      `base_url = "${this.#provider.url}"`,
      'api_key = "fake"',
      'models = ["test-model"]',
      "[models]",
      'default = "fake/test-model"',
    ].join("\n");
  }

  /** People write until the server is dead: at a call that was planned, or at a moment that is left to chance alone. */
  async outlive(server: Server, { longestMs = LONGEST_LIFE_MS, isPlanned = true } = {}): Promise<void> {
    const fate = this.#fate;
    const dead = Promise.withResolvers<void>();
    const die = () => {
      server.kill("SIGKILL");
      this.#isDead = true;
      this.#die = undefined;
      dead.resolve();
    };
    this.#die = die;
    this.#plan = isPlanned ? this.#planDeath() : undefined;
    const writing = this.#write(dead.promise);
    await Promise.race([dead.promise, Bun.sleep((0.2 + fate()) * longestMs)]);
    const [isStopped, stopMs] = [fate() < 0.2, fate() * LONGEST_STOP_MS];
    if (isStopped) {
      server.kill("SIGTERM");
      await Promise.race([dead.promise, Bun.sleep(stopMs)]);
    }
    die();
    await Promise.all([writing, server.finished]);
    // What the dead one has sent stands in front of this call.
    for (const [at, { url, messages }] of this.#bots.entries()) {
      await (await fetch(`${url}/bot${TELEGRAM.token}/getMe`)).text();
      this.#deaths[at]!.push(messages.length);
    }
    this.#isDead = false;
  }

  /** Waits until nothing is owed any more, and notes every difference as a problem. */
  async verify({ url, token }: { readonly url: string; readonly token: string }): Promise<void> {
    this.#plan = undefined;
    const owed = () =>
      this.#asked.filter((asked) => !this.#answersTo(asked).some(({ text }) => this.#isEnd(asked, text)));
    await until(() => owed().length === 0, 60_000).catch(() => undefined);
    using socket = await openRawSocket(url, token);
    for (const asked of owed()) {
      const said = this.#answersTo(asked).map(({ text }) => text);
      this.problems.push(`${asked.text} has no answer, only ${JSON.stringify(said)}`);
    }
    for (const asked of this.#asked) this.#judge(asked);
    await this.#compareHistory(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#bots.map((bot) => bot[Symbol.asyncDispose]()));
    await this.#provider[Symbol.asyncDispose]();
  }

  #around(method: string, when: "before" | "after"): "lost" | undefined {
    const plan = this.#plan;
    // Of what was on its way at the same time nothing else has come.
    if (this.#isDead && when === "before") return "lost";
    if (!plan || plan.method !== method || plan.when !== when || --plan.calls > 0 || !this.#die) return undefined;
    this.#die();
    return "lost";
  }

  /** Sometimes at no call at all: then at some moment. */
  #planDeath(): Plan | undefined {
    const pick = <T>(values: readonly T[]): T => values[Math.floor(this.#fate() * values.length)]!;
    const method = pick([undefined, "getUpdates", "sendMessage", "sendMessage", "editMessageText"] as const);
    const [when, calls] = [pick(["before", "after"] as const), pick([1, 2, 3])];
    return method === undefined ? undefined : { method, when, calls };
  }

  async #write(dead: Promise<void>): Promise<void> {
    let isDead = false;
    void dead.then(() => {
      isDead = true;
    });
    const count = 1 + Math.floor(this.#random() * 4);
    for (let at = 0; at < count && !isDead; at++) {
      const bot = this.#random() < 0.5 ? 0 : 1;
      const text = `q${this.#asked.length + 1}`;
      const id = this.#pick(PEOPLE);
      const place = this.#random() < 0.2 ? { group: TELEGRAM.group } : {};
      const { message } = this.#bots[bot]!.say(text, { user: { id, first_name: "Ada" }, ...place });
      this.#asked.push({ bot, messageId: message!.message_id, text });
      await Promise.race([dead, Bun.sleep(this.#random() * 60)]);
    }
  }

  #reply(question: string): Step[] {
    const text = /q\d+$/.exec(question)?.[0] ?? question;
    const wait = (ms: number) => ({ wait: Bun.sleep(ms) });
    const slow = this.#random() < 0.3 ? [wait(SLOW_MS)] : [];
    return ["Answer ", wait(this.#random() * SLOWEST_STEP_MS), "to ", ...slow, `${text}.`];
  }

  #answersTo({ bot, messageId }: Asked): TelegramMessage[] {
    return this.#bots[bot]!.messages.filter(({ reply_to }) => reply_to === messageId);
  }

  #isEnd({ text }: Asked, said: string): boolean {
    return said === `Answer to ${text}.` || said.endsWith(INTERRUPTED);
  }

  #judge(asked: Asked): void {
    const all = this.#answersTo(asked);
    const ends = new Set(all.map(({ text }) => text).filter((text) => this.#isEnd(asked, text)));
    if (ends.size > 1) this.problems.push(`${asked.text} has several answers: ${[...ends].join(" | ")}`);
    if ([...ends][0]?.endsWith(INTERRUPTED)) this.#counts.interrupted += 1;
    else if (ends.size > 0) this.#counts.answered += 1;
    this.#counts.duplicates += Math.max(0, all.length - 1);
    const places = all.map((message) => this.#bots[asked.bot]!.messages.indexOf(message));
    for (const [at, place] of places.slice(1).entries()) {
      // One of each life, and only where a death stands between them.
      const death = this.#deaths[asked.bot]!.findIndex((count) => places[at]! < count && count <= place);
      if (death >= 0) this.#twice.set(death, (this.#twice.get(death) ?? 0) + 1);
      else this.problems.push(`${asked.text} was answered twice by the same process`);
    }
  }

  /** Each was heard once. */
  async #compareHistory(socket: Awaited<ReturnType<typeof openRawSocket>>): Promise<void> {
    const sessions = BOTS.flatMap((bot) => [
      ...PEOPLE.map((id) => `agent:main:${bot}:dm:${id}`),
      `agent:main:${bot}:group:${TELEGRAM.group}`,
    ]);
    const heard = new Map<string, number>();
    for (const session_key of sessions) {
      for (const text of await readQuestions(socket, session_key)) heard.set(text, (heard.get(text) ?? 0) + 1);
    }
    for (const { text } of this.#asked) {
      const times = heard.get(text) ?? 0;
      if (times !== 1) this.problems.push(`${text} is in the history ${times} times`);
    }
  }

  #pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random() * values.length)]!;
  }
}

async function readQuestions(socket: Awaited<ReturnType<typeof openRawSocket>>, session_key: string) {
  const found: string[] = [];
  let before: string | undefined;
  do {
    const page: { messages: { role: string; content: string }[]; next?: string } = await socket
      .call<{ messages: { role: string; content: string }[]; next?: string }>("session.history", {
        session_key,
        limit: 1000,
        ...(before === undefined ? {} : { before }),
      })
      .catch(() => ({ messages: [] }));
    found.push(...page.messages.flatMap(({ role, content }) => (role === "user" ? (/q\d+$/.exec(content) ?? []) : [])));
    before = page.next;
  } while (before !== undefined);
  return found;
}
