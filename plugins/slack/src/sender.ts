/** Brings what Aleph says to Slack, each message in one call, and changes what stands there. */
import type { ChannelEdit, ChannelSend, ChannelSent } from "@aleph/plugin-sdk";
import type { KnownBlock, WebClient } from "@slack/web-api";
import { emojiName } from "./emoji.ts";
import { BUTTON } from "./inbound.ts";
import { toMrkdwn } from "./mrkdwn.ts";
import { piecesOf } from "./pieces.ts";
import { formatMessageId, formatPlace, type Place, parseMessageId, parsePlace, placeName } from "./place.ts";
import { errorOf, refusalOf, retryAfterOf } from "./web.ts";

/** How a slash command may be answered: five times within half an hour. */
interface Answerable {
  readonly url: string;
  readonly until: number;
  left: number;
}

const ANSWERS = 5;
const ANSWERS_MS = 29 * 60_000;
const MAX_KEPT = 500;
/** Characters of a section; a message may have 40,000, and Slack escapes make of 3,000 at most 15,000. */
const SECTION = 3000;
/** Characters that a message may become that was sent before. */
const MAX_EDITED = 4000;

export interface SendOptions {
  readonly buttons: ChannelSend["buttons"];
  readonly grows: boolean | undefined;
  readonly signal: AbortSignal;
}

export class Sender {
  readonly #web: WebClient;
  readonly #botUser: string;
  readonly #answerable = new Map<string, Answerable>();
  /** By channel: when Slack takes the next message, or the next change of one. */
  readonly #notBefore = new Map<string, number>();
  /** What messages with buttons say, in Markdown. */
  readonly #asked = new Map<string, string>();

  constructor(web: WebClient, botUser: string) {
    this.#web = web;
    this.#botUser = botUser;
  }

  /** From here on an answer to this place goes to `url` while Slack takes it there. */
  answerAt(place: string, url: string): void {
    keep(this.#answerable, place, { url, until: Date.now() + ANSWERS_MS, left: ANSWERS });
  }

  /** What a message with buttons says, if it was sent not long ago. */
  askedIn(id: string): string | undefined {
    return this.#asked.get(id);
  }

  /** Throws what may work later. */
  async send(conversation: string, text: string, { buttons, grows, signal }: SendOptions): Promise<ChannelSent> {
    const place = readPlace(conversation);
    if ("refused" in place) return place;
    const said = saidOf(text, buttons);
    if (place.user !== undefined) {
      // It is one of five, and nothing that was sent so can be changed.
      if (grows) return { refused: "What one person alone sees does not grow" };
      if (await this.#answer(formatPlace(place), said, signal)) return {};
    }
    const sent = await this.#calling(placeName(place), "The message was not sent to", async (name) => {
      const { ts, channel = name } = await this.#web.chat.postMessage({
        channel: name,
        ...said,
        // A link that a stranger talked the model into must not be fetched in order to show what is behind it.
        unfurl_links: false,
        unfurl_media: false,
        ...(place.thread === undefined ? {} : { thread_ts: place.thread }),
      });
      return ts === undefined ? {} : { id: formatMessageId({ channel, ts }) };
    });
    if (buttons && sent.id !== undefined) keep(this.#asked, sent.id, text);
    return sent;
  }

  /** Throws what may work later. */
  async edit({ id, text, buttons }: Pick<ChannelEdit, "id" | "text" | "buttons">): Promise<ChannelSent> {
    const message = parseMessageId(id);
    if (!message) return { gone: true };
    const { channel, ts } = message;
    const { text: said, blocks = [] } = saidOf(text, buttons);
    return this.#calling(channel, "The message was not changed in", async () => {
      try {
        if (said.length <= MAX_EDITED) {
          await this.#web.chat.update({ channel, ts, text: said, blocks: [...blocks] });
          return {};
        }
        // It is longer than what a message can become: it is said anew.
        await this.#web.chat.delete({ channel, ts });
        return { gone: true };
      } catch (thrown) {
        if (GONE.includes(errorOf(thrown) ?? "")) return { gone: true };
        throw thrown;
      }
    });
  }

  /** Of the bot's own reactions this one is left, or none. Throws what may work later. */
  async react(id: string, emoji: string | null): Promise<ChannelSent> {
    const message = parseMessageId(id);
    if (!message) return { gone: true };
    const wanted = emoji === null ? undefined : emojiName(emoji);
    if (emoji !== null && wanted === undefined) {
      return { refused: `Slack is to be told a name of its own for "${emoji}", such as ":eyes:"` };
    }
    const { channel, ts: timestamp } = message;
    return this.#calling(channel, "The reaction was not changed in", async () => {
      try {
        const { message: found } = await this.#web.reactions.get({ channel, timestamp, full: true });
        const own = (found?.reactions ?? []).filter(({ users }) => users?.includes(this.#botUser));
        const names = own.flatMap(({ name }) => (name === undefined ? [] : [name]));
        if (wanted !== undefined && !names.includes(wanted)) {
          await this.#web.reactions.add({ channel, timestamp, name: wanted });
        }
        for (const name of names) if (name !== wanted) await this.#web.reactions.remove({ channel, timestamp, name });
        return {};
      } catch (thrown) {
        const error = errorOf(thrown) ?? "";
        if (error === "message_not_found") return { gone: true };
        // Somebody else did it meanwhile.
        if (error === "already_reacted" || error === "no_reaction") return {};
        throw thrown;
      }
    });
  }

  /** Slack that asked to wait is not asked again before that. */
  async #calling(channel: string, what: string, call: (channel: string) => Promise<ChannelSent>): Promise<ChannelSent> {
    const waits = (this.#notBefore.get(channel) ?? 0) - Date.now();
    if (waits > 0) return { retry_after_ms: waits };
    try {
      return await call(channel);
    } catch (thrown) {
      const retryAfterMs = retryAfterOf(thrown);
      if (retryAfterMs !== undefined) keep(this.#notBefore, channel, Date.now() + retryAfterMs);
      return refusalOf(`${what} ${channel}`, thrown);
    }
  }

  /** Whether Slack took it there. Only whoever typed the command sees it. */
  async #answer(place: string, said: Said, signal: AbortSignal): Promise<boolean> {
    const known = this.#answerable.get(place);
    if (known === undefined || known.left === 0 || known.until < Date.now()) return false;
    known.left--;
    const response = await fetch(known.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ response_type: "ephemeral", replace_original: false, ...said }),
      redirect: "error",
      signal,
    });
    await response.text();
    // It was used up or has expired: a direct message gets there.
    if (!response.ok) this.#answerable.delete(place);
    return response.ok;
  }
}

/** Nobody can change them any more. */
const GONE: readonly string[] = ["message_not_found", "cant_update_message", "edit_window_closed", "msg_too_long"];

interface Said {
  readonly text: string;
  readonly blocks?: KnownBlock[];
}

/** With buttons the text stands in sections above them, and by itself where no blocks are shown. */
function saidOf(markdown: string, buttons: ChannelSend["buttons"]): Said {
  const text = toMrkdwn(markdown).trim();
  if (!buttons) return { text };
  const sections = piecesOf(text, SECTION).map(
    (piece): KnownBlock => ({ type: "section", text: { type: "mrkdwn", text: piece } }),
  );
  return { text, blocks: [...sections, ...blocksOf(buttons)] };
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

function readPlace(conversation: string): Place | { readonly refused: string } {
  try {
    return parsePlace(conversation);
  } catch (thrown) {
    return { refused: (thrown as Error).message };
  }
}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_KEPT) map.delete(map.keys().next().value!);
}
