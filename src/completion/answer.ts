/** What answers a request: a vendor's bytes in the client's own format, or parts that are put into that format. */
import type { DialectFormat, ReplyEncoder, ReplyHead, ReplyPart } from "../dialects/dialect.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Usage } from "../protocol/message.ts";
import { addUsage } from "../protocol/usage.ts";
import type { Dialect } from "../sdk/provider.ts";
import { providerError } from "../sdk/provider-error.ts";
import type { EventSource, OpenedSource } from "./event-stream.ts";
import type { HandedOn } from "./handed-on.ts";
import { createUsageFilter } from "./usage-filter.ts";
import { Ends } from "./usage-tail.ts";

/** Who answered and what it cost, as far as that was told. */
export interface Told {
  readonly provider: string;
  readonly model: string;
  readonly usage: Usage | undefined;
}

/** With those of a vendor's headers that clients look for. */
export function withVendorHeaders(headers: Headers, vendor: Headers): Headers {
  const id = vendor.get("x-request-id") ?? vendor.get("request-id");
  if (id === null) return headers;
  const all = new Headers(headers);
  all.set("x-request-id", id);
  all.set("request-id", id);
  return all;
}

export interface BytesOptions {
  /** Every byte of the answer, when all of it is needed at its end. */
  readonly keep: Uint8Array[] | undefined;
  readonly dialect: Dialect;
  /** Of the answer, besides the vendor's. */
  readonly headers: Headers;
  readonly onEnd: (how: "sent" | "failed" | "hung_up", ends: Ends) => void | Promise<void>;
}

/** The vendor's events as they come; the usage that only we asked for is taken out. */
export function bytesSource(handed: HandedOn, { keep, dialect, headers, onEnd }: BytesOptions): OpenedSource {
  const ends = new Ends(dialect);
  const filter = handed.body.hideUsage ? createUsageFilter() : undefined;
  let done = false;
  const seen = (chunk: Uint8Array): Uint8Array => {
    ends.push(chunk);
    keep?.push(chunk);
    return filter === undefined ? chunk : filter.push(chunk);
  };
  const end = async (): Promise<Uint8Array | undefined> => {
    if (!ends.isWhole()) throw halfReply(handed.from.provider);
    done = true;
    // Kept before the client knows the end: it may ask for it at once.
    await onEnd("sent", ends);
    return filter?.end();
  };
  // One step for each chunk: there may be many.
  const came = (result: Bun.ReadableStreamDefaultReadResult<Uint8Array>) => {
    const chunk = handed.came(result);
    return chunk === undefined ? end() : seen(chunk);
  };
  const broke = (cause: unknown): never => {
    throw handed.broken(cause);
  };
  const source: EventSource = {
    next: () => (done ? Promise.resolve(undefined) : handed.read().then(came, broke)),
    close(how) {
      handed.close(how);
      if (!done) void onEnd(how, ends);
      done = true;
    },
  };
  return { first: seen(handed.first), source, headers: withVendorHeaders(headers, handed.headers) };
}

function halfReply(provider: string): AlephError {
  const message = `Provider "${provider}" ended in the middle of its reply`;
  return providerError(message, { provider, failure: "malformed" });
}

export interface PartsOptions {
  readonly format: DialectFormat;
  readonly head: (model: string) => ReplyHead;
  readonly body: Readonly<Record<string, unknown>>;
  /** The text that was sent is given for what is kept. */
  readonly onEnd: (told: Told, how: "sent" | "failed" | "hung_up", sent: string) => void | Promise<void>;
  readonly keep: boolean;
}

/** Encodes the parts as they come. The first of them says who answers. Throws what comes instead of it. */
export async function partsSource(
  parts: AsyncGenerator<ReplyPart, void, undefined>,
  { format, head, body, onEnd, keep }: PartsOptions,
): Promise<OpenedSource> {
  let told: Told = { provider: "", model: "", usage: undefined };
  let ended = false;
  let sent = "";
  const see = (part: ReplyPart): void => {
    if (part.type === "model") told = { ...told, provider: part.provider, model: part.model };
    else if (part.type === "usage") told = { ...told, usage: addUsage(told.usage, part.usage) };
  };
  const first = await firstModel(parts, see);
  const encoder: ReplyEncoder = format.encoder(head(told.model), body);
  const put = (text: string): string => {
    if (keep) sent += text;
    return text;
  };
  const end = async (how: "sent" | "failed" | "hung_up"): Promise<void> => {
    if (ended) return;
    ended = true;
    await onEnd(told, how, sent);
  };
  const source: EventSource = {
    async next() {
      if (ended) return undefined;
      try {
        const { done, value } = await parts.next();
        if (done !== true) {
          see(value);
          return put(encoder.part(value));
        }
        const last = put(encoder.end());
        await end("sent");
        return last;
      } catch (thrown) {
        const last = put(encoder.fail(AlephError.from(thrown)));
        await end("failed");
        return last;
      }
    },
    close(how) {
      void end(how);
      void parts.return().catch(() => "the reply had ended");
    },
  };
  return { first: put(encoder.begin() + first.map((part) => encoder.part(part)).join("")), source };
}

/** Reads on to the first part that says who answers: what comes before it is only counted. */
async function firstModel(
  parts: AsyncGenerator<ReplyPart, void, undefined>,
  see: (part: ReplyPart) => void,
): Promise<ReplyPart[]> {
  const before: ReplyPart[] = [];
  for (;;) {
    const { done, value } = await parts.next();
    if (done === true) return before;
    see(value);
    before.push(value);
    if (value.type !== "usage") return before;
  }
}
