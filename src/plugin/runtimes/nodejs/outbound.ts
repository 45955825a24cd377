/** What a plugin asks of the network: checked for its form here, judged by the door, and handed back in moderate pieces. */
import { AlephError } from "../../../protocol/errors.ts";
import type { NetworkDoor, OutboundRequest } from "../../../sdk/runtime.ts";
import type { FetchHead } from "./messages.ts";
import { arePairs } from "./pairs.ts";
import { isId, type Pipe } from "./pipe.ts";
import { Sockets } from "./sockets.ts";

export interface OutboundOptions {
  readonly door: NetworkDoor;
  readonly pipe: Pick<Pipe, "notify" | "answer" | "fail">;
}

interface Fetch {
  readonly abort: AbortController;
  readonly request: OutboundRequest;
  /** What has come of a body that is sent in pieces. */
  upload: Uint8Array[] | undefined;
  /** Bytes of its body that are kept until it is answered. */
  uploaded: number;
  /** Bytes of the answer's body that the plugin takes. */
  credit: number;
  resume: (() => void) | undefined;
}

/** At a time, those included whose bodies are still coming. */
const MAX_FETCHES = 128;
/** Bytes of all bodies that are being sent. */
const MAX_UPLOAD = 32 * 1024 * 1024;
/** What a plugin takes of a body without asking for more. */
const WINDOW = 1024 * 1024;
/** Bytes of one message, before base64. */
const PIECE = 192 * 1024;
const MAX_URL = 65_536;
const REDIRECTS = ["follow", "manual", "error"];

export class Outbound implements Disposable {
  readonly #o: OutboundOptions;
  readonly #fetches = new Map<number, Fetch>();
  readonly #sockets: Sockets;
  #uploaded = 0;

  constructor(options: OutboundOptions) {
    this.#o = options;
    this.#sockets = new Sockets(options);
  }

  /** False for what is no message of the plugin's side. */
  take(method: string, params: Record<string, unknown>, id: number | undefined): boolean {
    if (method === "fetch") return id !== undefined && this.#fetch(id, params);
    if (method === "connect") return id !== undefined && this.#sockets.connect(id, params);
    if (!isId(params.id)) return false;
    // What is for a request that is over is no fault: it crossed its end.
    const fetch = this.#fetches.get(params.id);
    switch (method) {
      case "upload":
        return this.#upload(params.id, fetch, params.data);
      case "upload_end":
        if (fetch?.upload) void this.#start(params.id, fetch, Buffer.concat(fetch.upload));
        return true;
      case "more":
        return this.#more(fetch, params.count);
      case "cancel":
        this.#cancel(params.id);
        return true;
      case "socket":
        return this.#sockets.send(params.id, params);
      case "socket_end":
        return this.#sockets.close(params.id, params);
      default:
        return false;
    }
  }

  /** Ends all that is under way. */
  [Symbol.dispose](): void {
    for (const id of [...this.#fetches.keys()]) this.#cancel(id);
    this.#sockets[Symbol.dispose]();
  }

  #fetch(id: number, params: Record<string, unknown>): boolean {
    const request = readRequest(params);
    const { body } = params;
    if (!request || this.#fetches.has(id) || (body !== null && body !== true && typeof body !== "string")) return false;
    if (this.#fetches.size >= MAX_FETCHES) {
      this.#o.pipe.fail(id, `A plugin may have ${MAX_FETCHES} requests under way at a time`, "limit_reached");
      return true;
    }
    const fetch: Fetch = {
      abort: new AbortController(),
      request,
      upload: undefined,
      uploaded: 0,
      credit: WINDOW,
      resume: undefined,
    };
    this.#fetches.set(id, fetch);
    if (body === true) fetch.upload = [];
    else void this.#start(id, fetch, body === null ? undefined : Buffer.from(body, "base64"));
    return true;
  }

  #upload(id: number, fetch: Fetch | undefined, data: unknown): boolean {
    if (typeof data !== "string") return false;
    if (!fetch?.upload) return true;
    const bytes = Buffer.from(data, "base64");
    fetch.upload.push(bytes);
    fetch.uploaded += bytes.length;
    this.#uploaded += bytes.length;
    if (this.#uploaded <= MAX_UPLOAD) return true;
    this.#cancel(id);
    const message = `A plugin may have ${MAX_UPLOAD} bytes of bodies on their way out`;
    this.#o.pipe.fail(id, message, "payload_too_large");
    return true;
  }

  #more(fetch: Fetch | undefined, count: unknown): boolean {
    if (!isId(count)) return false;
    if (fetch) {
      fetch.credit = Math.min(fetch.credit + count, WINDOW);
      fetch.resume?.();
    }
    return true;
  }

  #cancel(id: number): void {
    const fetch = this.#fetches.get(id);
    if (fetch) this.#forgetUpload(fetch);
    this.#fetches.delete(id);
    fetch?.abort.abort(new AlephError("cancelled", "The plugin cancelled the request"));
    fetch?.resume?.();
    this.#sockets.cancel(id);
  }

  async #start(id: number, fetch: Fetch, body: Uint8Array | undefined): Promise<void> {
    const { door, pipe } = this.#o;
    const { abort, request } = fetch;
    fetch.upload = undefined;
    try {
      // A host that does not read keeps the body here: it counts until there is an answer.
      const sending = door.fetch({ ...request, ...(body ? { body } : {}) }, abort.signal);
      const response = await sending.finally(() => this.#forgetUpload(fetch));
      if (abort.signal.aborted) {
        await response.body?.cancel();
        return;
      }
      pipe.answer(id, headOf(response));
      if (response.body) await this.#download(id, fetch, response.body);
    } catch (thrown) {
      const { reason, message } = AlephError.from(thrown);
      if (!abort.signal.aborted) pipe.fail(id, message, reason);
    } finally {
      if (this.#fetches.get(id) === fetch) this.#fetches.delete(id);
    }
  }

  async #download(id: number, fetch: Fetch, body: ReadableStream<Uint8Array>): Promise<void> {
    const { pipe } = this.#o;
    const { signal } = fetch.abort;
    try {
      for await (const chunk of body) {
        for (let at = 0; at < chunk.length; ) {
          while (fetch.credit === 0 && !signal.aborted) await this.#credit(fetch);
          if (signal.aborted) return;
          const piece = chunk.subarray(at, at + Math.min(PIECE, fetch.credit));
          fetch.credit -= piece.length;
          at += piece.length;
          pipe.notify("body", { id, data: Buffer.from(piece).toString("base64") });
        }
      }
      pipe.notify("body_end", { id });
    } catch (thrown) {
      if (!signal.aborted) pipe.notify("body_end", { id, error: AlephError.from(thrown).message });
    }
  }

  #credit(fetch: Fetch): Promise<void> {
    return new Promise((resolve) => {
      fetch.resume = resolve;
    });
  }

  #forgetUpload(fetch: Fetch): void {
    this.#uploaded -= fetch.uploaded;
    fetch.uploaded = 0;
    fetch.upload = undefined;
  }
}

function readRequest({ url, method, headers, redirect }: Record<string, unknown>): OutboundRequest | undefined {
  if (typeof url !== "string" || url.length > MAX_URL || typeof method !== "string" || method.length > 100)
    return undefined;
  if (!arePairs(headers)) return undefined;
  if (typeof redirect !== "string" || !REDIRECTS.includes(redirect)) return undefined;
  return { url, method, headers, redirect: redirect as "follow" };
}

function headOf({ status, statusText, headers, url, redirected, body }: Response): FetchHead {
  return { status, status_text: statusText, headers: [...headers], url, redirected, has_body: body !== null };
}
