/** What messages carry, made into what the model that is asked can take: smaller images, text of documents and of speech. */
import { type Documents, documentText, looksLikeDocument } from "../document/documents.ts";
import { describeError, type Log } from "../lib/log.ts";
import { fitImage } from "../media/image.ts";
import type { Identity } from "../protocol/identity.ts";
import type { MediaKind, ModelMedia, ModelMessage, ModelText } from "../sdk/provider.ts";
import { ATTACHMENT, markUntrusted } from "./untrusted.ts";

export interface ModelMediaOptions {
  readonly documents: () => Promise<Documents>;
  readonly voice: {
    transcribe(
      heard: { readonly audio: ModelMedia },
      asker: MediaAsker,
      signal: AbortSignal,
    ): Promise<{ text: string }>;
  };
  /** Whether a model is set that makes text of speech. */
  readonly hears: () => boolean;
  readonly log: Log;
}

export interface MediaAsker {
  readonly identity: Identity;
  readonly sessionKey: string;
}

/** Characters of one document or recording that stand in a conversation; a tool reads the rest. */
const MAX_TEXT = 100_000;
/** Texts that are kept, so that a conversation that goes on does not make them again. */
const MAX_KEPT = 64;
/** What every provider takes that takes audio. */
const PLAIN_AUDIO = /^audio\/(?:wav|x-wav|mpeg|mp3)$/;

export class ModelMediaFitter {
  readonly #o: ModelMediaOptions;
  /** By kind and digest of the bytes; the latest last. */
  readonly #texts = new Map<string, Promise<string>>();
  readonly #images = new WeakMap<Uint8Array, Promise<ModelMedia>>();

  constructor(options: ModelMediaOptions) {
    this.#o = options;
  }

  /** Never rejects for what cannot be converted: then the part stays, or a line says what is the matter. */
  async fit(
    messages: readonly ModelMessage[],
    takes: readonly MediaKind[],
    asker: MediaAsker,
    signal: AbortSignal,
  ): Promise<readonly ModelMessage[]> {
    if (!messages.some(hasMedia)) return messages;
    return await Promise.all(
      messages.map(async (message) => {
        if (message.role === "assistant" || !hasMedia(message)) return message;
        const content = await Promise.all(
          message.content.map(async (part) => {
            if (part.type !== "media") return part;
            const fitted = await this.#part(part, takes, asker, signal);
            // What is said is the person's own word; of a tool's result the whole is marked.
            const isFound = message.role === "user" && fitted.type === "text" && !part.mime.startsWith("audio/");
            return isFound ? { ...fitted, text: markUntrusted(ATTACHMENT, fitted.text) } : fitted;
          }),
        );
        return { ...message, content };
      }),
    );
  }

  async #part(
    part: ModelMedia,
    takes: readonly MediaKind[],
    asker: MediaAsker,
    signal: AbortSignal,
  ): Promise<ModelMedia | ModelText> {
    const { mime, data } = part;
    try {
      if (/^image\//.test(mime)) return await this.#image(part);
      if (mime === "application/pdf" && takes.includes("pdf")) return part;
      if (looksLikeDocument(data) && !/zip|octet-stream/.test(mime)) {
        const read = async () => documentText(await (await this.#o.documents()).read(data, nameOf(part), signal));
        return inline(part, await this.#text("document", data, read));
      }
      if (/^(?:audio|video)\//.test(mime)) {
        if ((takes.includes("audio") && PLAIN_AUDIO.test(mime)) || !this.#o.hears()) return part;
        const hear = async () => (await this.#o.voice.transcribe({ audio: part }, asker, signal)).text;
        return inline(part, await this.#text("speech", data, hear), " said");
      }
      return part;
    } catch (thrown) {
      signal.throwIfAborted();
      this.#o.log.warn("an attachment could not be converted", { mime, ...describeError(thrown) });
      const why = thrown instanceof Error ? thrown.message : "no reason given";
      return { type: "text", text: `[The attachment ${JSON.stringify(nameOf(part))} cannot be read: ${why}]` };
    }
  }

  /** As long as the bytes are in use: a step that follows sends the same ones again. */
  #image(part: ModelMedia): Promise<ModelMedia> {
    let fitted = this.#images.get(part.data);
    if (!fitted) {
      fitted = fitImage(part.data, part.mime).then(({ bytes, mime }) => ({ ...part, data: bytes, mime }));
      this.#images.set(part.data, fitted);
    }
    return fitted;
  }

  async #text(kind: string, data: Uint8Array, make: () => Promise<string>): Promise<string> {
    const key = `${kind} ${new Bun.CryptoHasher("sha256").update(data).digest("hex")}`;
    const made = this.#texts.get(key) ?? make();
    this.#texts.delete(key);
    this.#texts.set(key, made);
    const [oldest] = this.#texts.keys();
    if (this.#texts.size > MAX_KEPT && oldest !== undefined) this.#texts.delete(oldest);
    try {
      return await made;
    } catch (thrown) {
      if (this.#texts.get(key) === made) this.#texts.delete(key);
      throw thrown;
    }
  }
}

function hasMedia(message: ModelMessage): boolean {
  return message.role !== "assistant" && message.content.some(({ type }) => type === "media");
}

function nameOf({ name, mime }: ModelMedia): string {
  return name ?? mime;
}

function inline(part: ModelMedia, text: string, what = ""): ModelText {
  const shown = text.slice(0, MAX_TEXT).toWellFormed();
  const note = shown.length < text.length ? "\n[more follows, which is left out here]" : "";
  return { type: "text", text: `<file name=${JSON.stringify(nameOf(part))}${what}>\n${shown}${note}\n</file>` };
}
