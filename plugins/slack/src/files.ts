/** Files of a workspace: their bytes are had with the bot's token, from where Slack keeps them alone, and brought in three steps. */
import type { ChannelFile } from "@aleph/plugin-sdk";
import type { WebClient } from "@slack/web-api";
import { type Place, placeName } from "./place.ts";
import type { Settings } from "./settings.ts";
import { describeFailure, isRefusal } from "./web.ts";

/** Where Slack keeps files. */
const STORE = "https://files.slack.com";
/** Bytes that in base64 fit into a message to Aleph; what is left of three belongs to the next one. */
const PIECE = 240_000;

export class Files {
  readonly #web: WebClient;
  readonly #token: string;
  /** A proxy of the API may serve files, too. */
  readonly #origins: readonly string[];

  constructor(web: WebClient, { botToken, apiRoot }: Settings) {
    this.#web = web;
    this.#token = botToken;
    this.#origins = [STORE, new URL(apiRoot).origin];
  }

  /** In base64. Throws why it cannot be had. */
  async *load(id: string, signal: AbortSignal): AsyncGenerator<string> {
    const { file } = await this.#web.files.info({ file: id }).catch((thrown: unknown) => {
      throw describeFailure("The file cannot be read", thrown);
    });
    const address = file?.url_private_download ?? file?.url_private;
    const url = address === undefined ? null : URL.parse(address);
    // The token is for Slack, and for nobody that a file says it is at.
    if (!url || !this.#origins.includes(url.origin)) throw new Error("It is not kept in Slack");
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${this.#token}` },
      // Whoever may not read it is led to the page where people sign in.
      redirect: "error",
      signal,
    });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new Error(`Slack does not give it (status ${response.status})`);
    }
    const isPage = (response.headers.get("content-type") ?? "").startsWith("text/html");
    if (isPage && file?.mimetype !== "text/html") {
      await response.body.cancel();
      throw new Error("Slack does not give it: does the app have the scope files:read");
    }
    let rest = Buffer.alloc(0);
    for await (const chunk of response.body) {
      rest = Buffer.concat([rest, chunk]);
      for (; rest.length >= PIECE; rest = rest.subarray(PIECE)) yield rest.toString("base64", 0, PIECE);
    }
    if (rest.length > 0) yield rest.toString("base64");
  }

  /** Resolves with why Slack will never take them, or with nothing when they are there. */
  async send(place: Place, files: readonly ChannelFile[], signal: AbortSignal): Promise<string | undefined> {
    try {
      const ids: { id: string; title: string }[] = [];
      for (const file of files) ids.push({ id: await this.#upload(file, signal), title: file.name });
      signal.throwIfAborted();
      const [first, ...more] = ids;
      if (!first) return undefined;
      const channel_id = await this.#channelOf(place);
      const thread = place.thread === undefined ? {} : { thread_ts: place.thread };
      await this.#web.files.completeUploadExternal({ files: [first, ...more], channel_id, ...thread });
      return undefined;
    } catch (thrown) {
      const failure = describeFailure(`The file was not sent to ${placeName(place)}`, thrown);
      if (isRefusal(thrown)) return failure.message;
      throw failure;
    }
  }

  /** Its bytes are with Slack when it resolves, and nobody sees them yet. */
  async #upload({ name, data }: ChannelFile, signal: AbortSignal): Promise<string> {
    const bytes = Buffer.from(data, "base64");
    const { upload_url, file_id } = await this.#web.files.getUploadURLExternal({
      filename: name,
      length: bytes.length,
    });
    if (upload_url === undefined || file_id === undefined) throw new Error("Slack does not say where to");
    const response = await fetch(upload_url, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: bytes,
      redirect: "error",
      signal,
    });
    await response.text();
    if (!response.ok) throw new Error(`Slack did not take its bytes (status ${response.status})`);
    return file_id;
  }

  /** Files go to channels alone: a person's is the one of the private messages with him. */
  async #channelOf({ channel, user }: Place): Promise<string> {
    const person = user ?? (/^[UW]/.test(channel) ? channel : undefined);
    if (person === undefined) return channel;
    const opened = await this.#web.conversations.open({ users: person });
    return opened.channel?.id ?? channel;
  }
}
