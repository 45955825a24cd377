/**
 * A BlueBubbles server, which runs on a Mac and hands out its messages over HTTP. Its API is described at
 * https://documenter.getpostman.com/view/765844/UV5RnfwM.
 */
import { readAtMost } from "../../lib/read-at-most.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { OutgoingFile } from "../../sdk/channel.ts";
import type { Place, PlaceMessage } from "./place.ts";

export interface BlueBubblesOptions {
  readonly url: string;
  readonly password: string;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
}

const AT_ONCE = 100;
const TIMEOUT_MS = 30_000;
const MAX_FILE = 20_000_000;

export class BlueBubbles implements Place {
  readonly #o: BlueBubblesOptions;
  /** With it come typing, and answers that name their message. */
  #hasPrivateApi = false;

  constructor(options: BlueBubblesOptions) {
    this.#o = options;
  }

  async open(): Promise<void> {
    const info = await this.#call<{ private_api?: boolean }>("GET", "server/info");
    this.#hasPrivateApi = info.private_api === true;
  }

  /** Messages carry the number of their row in the database of that Mac. */
  async last(): Promise<number> {
    const [newest] = await this.#call<readonly WireMessage[]>("POST", "message/query", { limit: 1, sort: "DESC" });
    return newest?.originalROWID ?? 0;
  }

  async after(mark: number): Promise<readonly PlaceMessage[]> {
    const found = await this.#call<readonly WireMessage[]>("POST", "message/query", {
      limit: AT_ONCE,
      sort: "ASC",
      with: ["chat", "handle", "attachment"],
      where: [{ statement: "message.ROWID > :mark", args: { mark } }],
    });
    return found.filter(({ originalROWID }) => originalROWID > mark).map((message) => this.#read(message));
  }

  async sendText(chat: string, text: string, replyTo: string | undefined): Promise<string> {
    const sent = await this.#call<{ guid?: string }>("POST", "message/text", {
      chatGuid: chat,
      tempGuid: crypto.randomUUID(),
      message: text,
      method: this.#hasPrivateApi ? "private-api" : "apple-script",
      ...(this.#hasPrivateApi && replyTo !== undefined ? { selectedMessageGuid: replyTo } : {}),
    });
    return sent?.guid ?? crypto.randomUUID();
  }

  async sendFile(chat: string, { name, type, load }: OutgoingFile): Promise<string> {
    const form = new FormData();
    form.set("chatGuid", chat);
    form.set("tempGuid", crypto.randomUUID());
    form.set("name", name);
    form.set("method", this.#hasPrivateApi ? "private-api" : "apple-script");
    form.set("attachment", new Blob([(await load()) as Uint8Array<ArrayBuffer>], { type }), name);
    const sent = await this.#call<{ guid?: string }>("POST", "message/attachment", form);
    return sent?.guid ?? crypto.randomUUID();
  }

  async typing(chat: string): Promise<void> {
    if (this.#hasPrivateApi) await this.#call("POST", `chat/${encodeURIComponent(chat)}/typing`, {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is open between calls.
  }

  #read(wire: WireMessage): PlaceMessage {
    const { guid, text, isFromMe, handle, chats = [], attachments, originalROWID: mark } = wire;
    const chat = chats[0];
    // A sticker, a reaction or a change of a group is nothing that somebody wrote.
    const isWritten = !isFromMe && !wire.associatedMessageGuid && (wire.itemType ?? 0) === 0;
    const files = (attachments ?? []).map(({ guid: id, transferName, mimeType, totalBytes }) => ({
      name: transferName ?? "file",
      ...(mimeType ? { type: mimeType } : {}),
      ...(totalBytes === undefined ? {} : { size: totalBytes }),
      load: (signal: AbortSignal) => this.#download(id, signal),
    }));
    return {
      mark,
      message: {
        id: isWritten ? guid : "",
        conversation: chat?.guid ?? "",
        sender: { id: handle?.address ?? "" },
        text: (text ?? "").replaceAll("\ufffc", "").trim(),
        ...(files.length > 0 ? { files } : {}),
      },
      group: chat?.guid.includes(";+;")
        ? { id: chat.guid, ...(chat.displayName ? { name: chat.displayName } : {}) }
        : undefined,
    };
  }

  async #download(id: string, signal: AbortSignal): Promise<Uint8Array> {
    const answer = await this.#fetch(`attachment/${encodeURIComponent(id)}/download`, { signal });
    if (!answer.ok) throw new AlephError("not_found", `BlueBubbles answers ${answer.status}`);
    const bytes = await readAtMost(answer, MAX_FILE);
    if (!bytes) throw new AlephError("payload_too_large", `It is larger than ${MAX_FILE / 1e6} MB`);
    return bytes;
  }

  async #call<T>(method: "GET" | "POST", path: string, body?: object): Promise<T> {
    const sent = body instanceof FormData ? { body } : body ? { body: JSON.stringify(body), headers: JSON_TYPE } : {};
    const signal = AbortSignal.any([this.#o.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const answer = await this.#fetch(path, { method, signal, ...sent });
    const { data, error, message } = (await answer.json().catch(() => ({}))) as Answer<T>;
    if (answer.ok) return data as T;
    throw failureOf(answer.status, (error?.message ?? message ?? "nothing").slice(0, 300));
  }

  /** The address holds the password: nothing of it is passed on. */
  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const { url, password, fetch } = this.#o;
    const address = new URL(`${url.replace(/\/$/, "")}/api/v1/${path}`);
    address.searchParams.set("password", password);
    try {
      return await fetch(address, { ...init, redirect: "error" });
    } catch {
      // What it says of the cause may hold the address.
      throw new AlephError("overloaded", "BlueBubbles could not be reached");
    }
  }
}

const JSON_TYPE = { "content-type": "application/json" };

function failureOf(status: number, said: string): AlephError {
  const message = `BlueBubbles says: ${said}`;
  if (status === 401 || status === 403) {
    return new AlephError("auth_failed", "BlueBubbles does not know the password", {
      data: { hint: "It stands in the settings of the BlueBubbles server" },
    });
  }
  if (status === 404 || /chat does not exist|chat not found/i.test(said)) return new AlephError("not_found", message);
  if (status === 400) return new AlephError("invalid_params", message);
  if (status === 413) return new AlephError("payload_too_large", message);
  return new AlephError("overloaded", message);
}

interface Answer<T> {
  readonly data?: T;
  readonly message?: string;
  readonly error?: { readonly message?: string };
}

interface WireMessage {
  readonly originalROWID: number;
  readonly guid: string;
  readonly text?: string | null;
  readonly isFromMe?: boolean;
  readonly itemType?: number;
  readonly associatedMessageGuid?: string | null;
  readonly handle?: { readonly address: string } | null;
  readonly chats?: readonly { readonly guid: string; readonly displayName?: string | null }[];
  readonly attachments?: readonly {
    readonly guid: string;
    readonly transferName?: string | null;
    readonly mimeType?: string | null;
    readonly totalBytes?: number;
  }[];
}
