/** iMessage: the Messages app of this Mac, or a BlueBubbles server on another one. */
import { timingSafeEqual } from "node:crypto";
import * as z from "zod";
import { chatOptions } from "../../channel/chat-options.ts";
import { pause } from "../../lib/pause.ts";
import { AlephError } from "../../protocol/errors.ts";
import {
  type ChannelHost,
  type ChannelRequest,
  type Chat,
  defineChannel,
  type IncomingMessage,
  type MessageExtras,
  type OpenChannel,
} from "../../sdk/channel.ts";
import type { Store } from "../../sdk/store.ts";
import { BlueBubbles } from "./bluebubbles.ts";
import { readMark, writeMark } from "./mark.ts";
import { MessagesApp, type RunProgram } from "./messages-app.ts";
import type { Place, PlaceMessage } from "./place.ts";

const options = z
  .strictObject({
    ...chatOptions,
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("a BlueBubbles server; left out, the Messages app of this Mac"),
    password: z
      .string()
      .min(1)
      .optional()
      .describe("that of the BlueBubbles server; best a reference such as env:BLUEBUBBLES_PASSWORD"),
    names: z
      .array(z.string().min(1).max(64))
      .default(["Aleph"])
      .describe("words by which it is meant in a group; iMessage has no names of its own for that"),
  })
  .refine(({ url, password }) => (url === undefined) === (password === undefined), {
    path: ["password"],
    message: "must stand beside url, and only there",
  });

export interface ImessageNeeds {
  readonly stores: { readonly durable: Store };
  readonly fetch: typeof fetch;
  readonly now: () => number;
  readonly machine: {
    readonly platform: string;
    readonly userHome: string;
    readonly run: RunProgram;
  };
}

type Options = z.output<typeof options>;

const POLL_MS = 1000;
const CHAT = /^[\w.+-]{1,32};[+-];[^\s;]{1,200}$/;
const ADDRESS = /^(?:\+?\d{3,20}|[^\s;@]{1,100}@[^\s;@]{1,100})$/;

export const imessage = defineChannel({
  id: "imessage",
  capabilities: { edit: false, react: false, typing: true, files: true, threads: false, buttons: false },
  limits: { message: 8000 },
  globalSenders: true,
  options,
  obstacle: ({ url }, platform) =>
    url === undefined && platform !== "darwin"
      ? "iMessage is not available on this platform without a BlueBubbles server"
      : undefined,
  async open(needs: ImessageNeeds, table, host): Promise<OpenChannel> {
    const obstacle = imessage.obstacle?.(table, needs.machine.platform);
    if (obstacle !== undefined) {
      throw new AlephError("conflict", obstacle, {
        data: {
          hint: "Run Aleph on a Mac, or name a BlueBubbles server with url and password in the interface's table",
        },
      });
    }
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, host.signal]);
    const place = await openPlace(needs, table, signal);
    const line = new Line(needs, table, host, place, stop);
    try {
      await line.open();
    } catch (thrown) {
      await line[Symbol.asyncDispose]();
      throw thrown;
    }
    return line;
  },
});

async function openPlace(
  { fetch, now, machine: { userHome, run } }: ImessageNeeds,
  { url, password }: Options,
  signal: AbortSignal,
): Promise<Place> {
  if (url === undefined || password === undefined) return new MessagesApp({ userHome, run, now, signal });
  const server = new BlueBubbles({ url, password, fetch, signal });
  await server.open();
  return server;
}

class Line implements OpenChannel {
  readonly #needs: ImessageNeeds;
  readonly #options: Options;
  readonly #host: ChannelHost;
  readonly #place: Place;
  readonly #stop: AbortController;
  readonly #broken = Promise.withResolvers<AlephError>();
  #polling: Promise<void> | undefined;
  /** Ends the wait for the next look. */
  #wake = new AbortController();

  constructor(needs: ImessageNeeds, table: Options, host: ChannelHost, place: Place, stop: AbortController) {
    this.#needs = needs;
    this.#options = table;
    this.#host = host;
    this.#place = place;
    this.#stop = stop;
  }

  get broken(): Promise<AlephError> {
    return this.#broken.promise;
  }

  async open(): Promise<void> {
    const { url, password: _, names: __, ...policy } = this.#options;
    const { durable } = this.#needs.stores;
    const account = url ?? "messages";
    const last = await this.#place.last();
    const kept = readMark(durable, account);
    // Another database has taken the place of the one that the mark is of.
    const mark = kept === undefined || kept > last ? last : kept;
    if (mark !== kept) writeMark(durable, account, mark);
    const chat = await this.#host.chat(policy);
    this.#polling = this.#poll(chat, account, mark);
  }

  async send(target: string, message: string, { files = [], replyTo }: MessageExtras = {}): Promise<{ id: string }> {
    const chat = chatOf(target);
    let id: string | undefined;
    if (message !== "") id = await this.#place.sendText(chat, message, replyTo);
    for (const file of files) {
      const sent = await this.#place.sendFile(chat, file);
      id ??= sent;
    }
    return { id: id ?? crypto.randomUUID() };
  }

  async typing(target: string): Promise<void> {
    await this.#place.typing?.(chatOf(target));
  }

  /** What BlueBubbles sends says only that it is time to look: it can be lost, and come twice. */
  async request({ query }: ChannelRequest) {
    const { password } = this.#options;
    if (password === undefined) return { status: 404, body: "This interface has no webhook\n" };
    const digest = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest();
    if (!timingSafeEqual(digest(query.get("password") ?? ""), digest(password))) return { status: 401 };
    this.#wake.abort();
    return { status: 200 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#polling;
    await this.#place[Symbol.asyncDispose]();
  }

  /** What came counts as read when it is on disk. */
  async #poll(chat: Chat, account: string, from: number): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, this.#host.signal]);
    signal.addEventListener("abort", () => this.#wake.abort(), { once: true });
    let mark = from;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      try {
        const found = await this.#place.after(mark);
        await Promise.all(inOrder(found).map((all) => this.#takeAll(chat, all)));
        const next = Math.max(mark, ...found.map((each) => each.mark));
        if (next > mark) writeMark(this.#needs.stores.durable, account, next);
        mark = next;
        if (found.length === 0 && !signal.aborted) await pause(POLL_MS, this.#wake.signal);
      } catch (thrown) {
        if (!signal.aborted) this.#broken.resolve(AlephError.from(thrown));
        return;
      }
    }
  }

  async #takeAll(chat: Chat, found: readonly PlaceMessage[]): Promise<void> {
    for (const { message, group } of found) {
      // What nobody wrote.
      if (message.id === "" || message.conversation === "" || message.sender.id === "") continue;
      const isEmpty = message.text === "" && message.files === undefined;
      if (!isEmpty) await chat.receive(this.#incoming(message, group));
    }
  }

  #incoming(message: PlaceMessage["message"], group: PlaceMessage["group"]): IncomingMessage {
    if (!group) return message;
    const addressed = this.#options.names.some((name) => isNamed(message.text, name));
    return { ...message, group: { ...group, addressed } };
  }
}

/** As a word, whatever its case; where words are written without spaces, anywhere. */
function isNamed(text: string, name: string): boolean {
  const [said = "", wanted = ""] = [text, name].map((each) => each.normalize("NFKC").toLowerCase());
  for (let at = said.indexOf(wanted); at >= 0; at = said.indexOf(wanted, at + 1)) {
    const end = at + wanted.length;
    if (!isOneWord(said.slice(0, at), said.slice(at)) && !isOneWord(said.slice(0, end), said.slice(end))) return true;
  }
  return false;
}

/** Whether a word that began before goes on. */
function isOneWord(before: string, after: string): boolean {
  const last = [...before.slice(-2)].at(-1) ?? "";
  const [next = ""] = after;
  return LETTER.test(last) && LETTER.test(next) && !UNSPACED.test(last) && !UNSPACED.test(next);
}

const LETTER = /[\p{L}\p{N}\p{M}_]/u;
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** What comes from one chat keeps its order; chats do not wait for each other. */
function inOrder(found: readonly PlaceMessage[]): PlaceMessage[][] {
  return [...Map.groupBy(found, ({ message }) => message.conversation).values()];
}

function chatOf(target: string): string {
  if (CHAT.test(target)) return target;
  if (ADDRESS.test(target)) return `iMessage;-;${target}`;
  throw new AlephError("not_found", `"${target}" is no conversation of iMessage`, {
    data: { hint: "A telephone number with its country, a mail address, or the id of a chat" },
  });
}
