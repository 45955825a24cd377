/** The part that all fakes of vendors' APIs share: a real HTTP server with a queue of replies and a journal of requests. */

/** One thing that a reply does, in order. A bare string is a piece of text. */
export type Step =
  | string
  | { readonly text: string }
  | { readonly thinking: string }
  /** The seal of the thinking before it (Anthropic), or of the next tool call (Gemini). */
  | { readonly signature: string }
  /** `args` is sent as JSON in several pieces where the wire allows; a string is sent as it is, valid or not. */
  | { readonly tool_call: { readonly id?: string; readonly name: string; readonly args: unknown } }
  /** Nothing is sent until it resolves; what was sent before is flushed. */
  | { readonly wait: Promise<unknown> }
  /** What the vendor sends to keep a connection alive, where it does. */
  | { readonly ping: true }
  /** The vendor's error event inside of a stream that began well. */
  | { readonly error: { readonly type: string; readonly message: string } }
  /** These bytes as they are. */
  | { readonly raw: string };

export interface FakeUsage {
  readonly input: number;
  readonly output: number;
  readonly cache_read?: number;
  readonly cache_write?: number;
}

export type FakeFinish = "stop" | "tool_calls" | "length" | "refused";

export interface Reply {
  /** A generator makes each step when its turn comes, and may never end. */
  readonly steps?: Iterable<Step> | AsyncIterable<Step>;
  /** Default: 10 tokens in, 5 out. */
  readonly usage?: FakeUsage;
  /** Default: `tool_calls` when there were some, else `stop`. */
  readonly finish?: FakeFinish;
  /**
   * What comes after the steps. `finish`: the vendor's regular end. `close`: the body ends without one. `cut`: the
   * connection breaks. `silence`: nothing more, until the client hangs up or the fake is disposed.
   */
  readonly end?: "finish" | "close" | "cut" | "silence";
  /** 400 and above: the vendor's error with `message` instead of a stream. */
  readonly status?: number;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The answer's headers wait for it. */
  readonly after?: Promise<unknown>;
  /** Sent instead of everything else, with `status` (200) and `headers`. */
  readonly body?: string;
}

/** A string is a reply with this text, a list one with these steps. */
export type Scripted = string | readonly Step[] | Reply;

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  /** The JSON that was sent; of a form its fields. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into the vendor's JSON, whose shape is what they check
  readonly body: any;
  /** Whether the client hung up before the reply was complete. */
  readonly aborted: boolean;
  /** How it ended: the reply was sent (also when that was a cut), or the client hung up first. */
  readonly ended: Promise<"sent" | "hung_up">;
}

export interface ProviderFake extends AsyncDisposable {
  /** What goes into `base_url`. */
  readonly url: string;
  /** The chat requests, in the order in which they came. */
  readonly requests: readonly FakeRequest[];
  /** All requests, those for the list of models too. */
  readonly journal: readonly FakeRequest[];
  /** Adds replies to the queue: each answers one chat request. */
  reply(...replies: readonly Scripted[]): void;
  /** Answers the chat requests for which the queue has no reply; without one they get status 400. */
  answer(handler: (request: FakeRequest) => Scripted | Promise<Scripted>): void;
  /** Answers the requests that are not for chat, where it returns something, in place of what the fake would. */
  intercept(handler: (request: FakeRequest) => Response | Promise<Response> | undefined): void;
  /** The list of models fails with this status from now on; 200 is well again. */
  failModels(status: number): void;
  /** The chat request number `count` (from 1), once it has come. */
  received(count: number): Promise<FakeRequest>;
}

export interface FakeOptions {
  /** The only key that is accepted; without it every request is. */
  readonly key?: string;
  /** Ids in the list of models. */
  readonly models?: readonly string[];
}

/** Turns the steps of one reply into the vendor's bytes. */
export interface Encoder {
  begin(): string;
  step(step: Exclude<Step, string | { wait: unknown } | { raw: string }>): string;
  finish(reason: FakeFinish, usage: FakeUsage): string;
}

/** What differs between the vendors. */
export interface Wire {
  readonly chatPath: string;
  readonly modelsPath: string;
  /** Behind the origin in `url`. */
  readonly basePath: string;
  readonly contentType: string;
  /** Answers to other requests, such as those for vectors; made anew for each fake, so that it may remember jobs. */
  readonly more?: () => (request: FakeRequest, url: URL) => Response | undefined;
  /** Other paths at which chat is answered in another form. */
  readonly chats?: Readonly<Record<string, Pick<Wire, "encoder">>>;
  key(headers: Headers): string | undefined;
  models(ids: readonly string[]): unknown;
  error(status: number, message: string): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: the vendor's JSON as it came
  encoder(body: any): Encoder;
}

interface Entry extends FakeRequest {
  aborted: boolean;
  end(how: "sent" | "hung_up"): void;
}

export function startFake(wire: Wire, options: FakeOptions = {}): ProviderFake {
  const models = options.models ?? ["test-model"];
  const journal: Entry[] = [];
  const requests: Entry[] = [];
  const queue: Scripted[] = [];
  const arrivals: (() => void)[] = [];
  const closing = Promise.withResolvers<void>();
  let modelsStatus = 200;
  const more = wire.more?.();
  let other: ((request: FakeRequest) => Response | Promise<Response> | undefined) | undefined;
  let handler: ((request: FakeRequest) => Scripted | Promise<Scripted>) | undefined;

  const failure = (status: number, message: string, headers: Readonly<Record<string, string>> = {}) =>
    Response.json(wire.error(status, message), { status, headers: { ...headers } });

  async function enter(request: Request, path: string): Promise<Entry> {
    const ended = Promise.withResolvers<"sent" | "hung_up">();
    const isForm = request.headers.get("content-type")?.startsWith("multipart/form-data") === true;
    const form = isForm ? Object.fromEntries((await request.formData()).entries()) : undefined;
    const text = isForm ? "" : await request.text();
    const entry: Entry = {
      method: request.method,
      path,
      headers: request.headers,
      body: form ?? (text === "" ? null : JSON.parse(text)),
      aborted: false,
      ended: ended.promise,
      end(how) {
        entry.aborted = how === "hung_up";
        entry.end = () => undefined;
        ended.resolve(how);
      },
    };
    journal.push(entry);
    return entry;
  }

  async function chat(entry: Entry): Promise<Response> {
    requests.push(entry);
    for (const arrive of arrivals.splice(0)) arrive();
    const scripted = queue.shift() ?? (handler === undefined ? undefined : await handler(entry));
    if (scripted === undefined) return failure(400, "The fake has no reply for this request");
    const reply: Reply =
      typeof scripted === "string" ? { steps: [scripted] } : "length" in scripted ? { steps: scripted } : scripted;
    if (reply.after !== undefined) await Promise.race([reply.after, closing.promise, entry.ended]);
    const { status = 200, headers = {} } = reply;
    if (reply.body !== undefined) return new Response(reply.body, { status, headers: { ...headers } });
    if (status >= 400) return failure(status, reply.message ?? `Status ${status}`, headers);
    if (entry.body?.stream === false) return failure(400, "The fake speaks streams only");
    const form = wire.chats?.[entry.path] ?? wire;
    return new Response(stream(entry, reply, form), { headers: { "content-type": wire.contentType, ...headers } });
  }

  function stream(entry: Entry, reply: Reply, form: Pick<Wire, "encoder">): ReadableStream<Uint8Array> {
    const bytes = new TextEncoder();
    const encoder = form.encoder(entry.body);
    return new ReadableStream({
      // Not awaited: what is enqueued must reach the client while later steps still wait.
      start(controller) {
        const send = (text: string) => {
          if (text !== "" && !entry.aborted) controller.enqueue(bytes.encode(text));
        };
        const run = async () => {
          if (reply.steps !== undefined || reply.end === undefined || reply.end === "finish") send(encoder.begin());
          let calls = 0;
          for await (const step of reply.steps ?? []) {
            if (entry.aborted) return;
            if (typeof step === "string") send(encoder.step({ text: step }));
            else if ("wait" in step) await Promise.race([step.wait, closing.promise, entry.ended]);
            else if ("raw" in step) send(step.raw);
            else {
              if ("tool_call" in step) calls++;
              send(encoder.step(step));
            }
          }
          if (reply.end === "silence") await Promise.race([closing.promise, entry.ended]);
          if (entry.aborted) return;
          if (reply.end === "cut") {
            // What was enqueued has to leave the process first: breaking the connection drops what is still buffered.
            await Bun.sleep(50);
            entry.end("sent");
            controller.error(new Error("The fake cut the connection"));
            return;
          }
          if (reply.end === undefined || reply.end === "finish") {
            const reason = reply.finish ?? (calls > 0 ? "tool_calls" : "stop");
            send(encoder.finish(reason, reply.usage ?? { input: 10, output: 5 }));
          }
          entry.end("sent");
          controller.close();
        };
        run().catch((error) => controller.error(error));
      },
      cancel() {
        entry.end("hung_up");
      },
    });
  }

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    error: (error) => failure(500, error.message),
    async fetch(request, self) {
      self.timeout(request, 0);
      const path = new URL(request.url).pathname;
      const entry = await enter(request, path);
      request.signal.addEventListener("abort", () => entry.end("hung_up"));
      if (options.key !== undefined && wire.key(request.headers) !== options.key) {
        return failure(401, `Incorrect API key provided: ${wire.key(request.headers)}`);
      }
      if (path === wire.modelsPath && request.method === "GET") {
        return modelsStatus === 200 ? Response.json(wire.models(models)) : failure(modelsStatus, "No models today");
      }
      if (request.method === "POST" && (path === wire.chatPath || path in (wire.chats ?? {}))) return chat(entry);
      return (
        (await other?.(entry)) ??
        more?.(entry, new URL(request.url)) ??
        failure(404, `No route ${request.method} ${path}`)
      );
    },
  });

  return {
    url: `${server.url.origin}${wire.basePath}`,
    requests,
    journal,
    reply(...replies) {
      queue.push(...replies);
    },
    answer(next) {
      handler = next;
    },
    intercept(next) {
      other = next;
    },
    failModels(status) {
      modelsStatus = status;
    },
    async received(count) {
      while (requests.length < count) {
        const arrival = Promise.withResolvers<void>();
        arrivals.push(arrival.resolve);
        await arrival.promise;
      }
      return requests[count - 1]!;
    },
    async [Symbol.asyncDispose]() {
      closing.resolve();
      await server.stop(true);
    },
  };
}

/** Cuts text in up to three pieces, as models stream the arguments of a tool call. */
export function pieces(text: string): string[] {
  const size = Math.max(1, Math.ceil(text.length / 3));
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
    text.slice(index * size, (index + 1) * size),
  );
}

/** The text of a tool call's arguments: JSON, or the given string as it is. */
export function argumentsText(args: unknown): string {
  return typeof args === "string" ? args : JSON.stringify(args);
}
