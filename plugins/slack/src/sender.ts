/** Brings what Aleph says to Slack: in pieces that it takes, as fast as it allows, and each piece once. */
import type { ChannelSend } from "@aleph/plugin-sdk";
import type { KnownBlock, WebClient } from "@slack/web-api";
import { BUTTON } from "./inbound.ts";
import { toMrkdwn } from "./mrkdwn.ts";
import { piecesOf } from "./pieces.ts";
import { formatPlace, type Place, parsePlace, placeName } from "./place.ts";
import { describeFailure, retryAfterOf } from "./web.ts";

/** How a slash command may be answered: five times within half an hour. */
interface Answerable {
  readonly url: string;
  readonly until: number;
  left: number;
}

const ANSWERS = 5;
const ANSWERS_MS = 29 * 60_000;
const MAX_KEPT = 500;

export interface SendOptions {
  readonly buttons?: ChannelSend["buttons"];
  readonly signal: AbortSignal;
}

interface Piece {
  readonly text: string;
  readonly blocks?: readonly KnownBlock[] | undefined;
}

export class Sender {
  readonly #web: WebClient;
  readonly #answerable = new Map<string, Answerable>();
  /** By conversation and text: how many pieces of it are there already, when the rest failed. */
  readonly #progress = new Map<string, number>();
  /** By channel: when Slack takes the next message. */
  readonly #notBefore = new Map<string, number>();

  constructor(web: WebClient) {
    this.#web = web;
  }

  /** From here on an answer to this place goes to `url` while Slack takes it there. */
  answerAt(place: string, url: string): void {
    keep(this.#answerable, place, { url, until: Date.now() + ANSWERS_MS, left: ANSWERS });
  }

  /** Resolves with the id of the first piece. Called again with the same after a failure, it goes on where it failed. */
  async send(conversation: string, text: string, { buttons, signal }: SendOptions): Promise<string> {
    const place = parsePlace(conversation);
    const pieces: Piece[] = piecesOf(toMrkdwn(text)).map((piece) => ({ text: piece }));
    // A block holds 3,000 characters and a message 40,000: the buttons have one of their own.
    if (buttons) pieces.push({ text: "Your answer:", blocks: blocksOf(buttons) });
    const key = `${conversation}\n${text}`;
    let id = "";
    for (const [index, piece] of pieces.entries()) {
      if (index < (this.#progress.get(key) ?? 0)) continue;
      const sent = await this.#deliver(place, piece, signal);
      if (index === 0) id = sent;
      keep(this.#progress, key, index + 1);
    }
    this.#progress.delete(key);
    return id;
  }

  async #deliver(place: Place, { text, blocks }: Piece, signal: AbortSignal): Promise<string> {
    if (place.user !== undefined && (await this.#answer(formatPlace(place), { text, blocks }, signal))) return "";
    const channel = placeName(place);
    for (;;) {
      await pause((this.#notBefore.get(channel) ?? 0) - Date.now(), signal);
      try {
        const { ts = "" } = await this.#web.chat.postMessage({
          channel,
          text,
          ...(blocks ? { blocks: [...blocks] } : {}),
          // A link that a stranger talked the model into must not be fetched in order to show what is behind it.
          unfurl_links: false,
          unfurl_media: false,
          ...(place.thread === undefined ? {} : { thread_ts: place.thread }),
        });
        return ts;
      } catch (thrown) {
        const retryAfterMs = retryAfterOf(thrown);
        if (retryAfterMs === undefined) throw describeFailure(`The message was not sent to ${channel}`, thrown);
        keep(this.#notBefore, channel, Date.now() + retryAfterMs);
      }
    }
  }

  /** Whether Slack took it there. Only whoever typed the command sees it. */
  async #answer(place: string, piece: Piece, signal: AbortSignal): Promise<boolean> {
    const known = this.#answerable.get(place);
    if (known === undefined || known.left === 0 || known.until < Date.now()) return false;
    known.left--;
    const response = await fetch(known.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ response_type: "ephemeral", replace_original: false, ...piece }),
      redirect: "error",
      signal,
    });
    await response.text();
    // It was used up or has expired: a direct message gets there.
    if (!response.ok) this.#answerable.delete(place);
    return response.ok;
  }
}

function blocksOf(rows: NonNullable<ChannelSend["buttons"]>): KnownBlock[] {
  return rows.map((row, at) => ({
    type: "actions",
    elements: row.map(({ label, value }, index) => ({
      type: "button",
      text: { type: "plain_text", text: label },
      action_id: `${BUTTON}${at}_${index}`,
      value,
    })),
  }));
}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_KEPT) map.delete(map.keys().next().value!);
}

/** Throws when nobody waits any more. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (ms <= 0) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const abort = () => reject(new Error(`Slack takes the next message in ${Math.ceil(ms / 1000)} s`));
  signal.addEventListener("abort", abort, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
