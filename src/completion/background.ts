/** Responses that go on while nobody waits for them: asked for by id, and cancelled by it. */
import type { ReplyHead } from "../dialects/dialect.ts";
import { createId } from "../lib/id.ts";
import { describeError, type Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import type { CompletionCall } from "./call.ts";
import { type Item, inputItems, type StoredResponse, type StoredResponses } from "./stored-responses.ts";

export class Background {
  readonly #stored: StoredResponses;
  readonly #now: () => number;
  readonly #log: Log;
  readonly #running = new Map<string, { readonly abort: AbortController; readonly ended: Promise<void> }>();

  constructor(stored: StoredResponses, now: () => number, log: Log) {
    this.#stored = stored;
    this.#now = now;
    this.#log = log;
  }

  /** Answers once the request is on disk; `complete` gives the answer later. */
  async start(call: CompletionCall, complete: (call: CompletionCall) => Promise<Response>): Promise<Response> {
    const { body, grant } = call;
    if (body.stream === true || body.store === false) {
      throw new AlephError("invalid_params", '"background" needs "store" and cannot be streamed', {
        data: { param: "background" },
      });
    }
    const { responseObject } = await import("../dialects/responses/response.ts");
    const identity = grant.identity.id;
    const head: ReplyHead = {
      id: createId("resp"),
      created: Math.floor(this.#now() / 1000),
      model: String(body.model),
    };
    const previous = typeof body.previous_response_id === "string" ? body.previous_response_id : undefined;
    const input = this.#stored.resolve(
      identity,
      inputItems(body, () => createId("msg")),
    );
    const put = (answer: Item) => {
      const kept: StoredResponse = { id: head.id, previousId: previous, provider: undefined, body: answer, input };
      return this.#stored.put(identity, kept);
    };
    const begun = responseObject(head, body, { status: "in_progress" });
    await put(begun);
    const abort = new AbortController();
    const own = { ...body, background: false, store: false };
    const run = async () => {
      try {
        const done = await complete({ ...call, body: own, text: JSON.stringify(own), signal: abort.signal });
        await put({ ...((await done.json()) as Item), id: head.id, background: true, store: true });
      } catch (thrown) {
        const status = abort.signal.aborted ? "cancelled" : "failed";
        const error = AlephError.from(thrown);
        await put(responseObject(head, body, { status, ...(status === "failed" ? { error } : {}) }));
      } finally {
        this.#running.delete(head.id);
      }
    };
    // Nobody waits for it who could be told: whoever asks by its id finds that it failed.
    const ended = run().catch((thrown: unknown) => {
      this.#log.error("the end of a response could not be kept", { response: head.id, ...describeError(thrown) });
    });
    this.#running.set(head.id, { abort, ended });
    return Response.json(begun);
  }

  /** As it is now; one that an earlier process left unfinished has failed. Throws `not_found`. */
  async get(identity: string, id: string): Promise<Item> {
    const { body } = this.#stored.get(identity, id);
    if (body.status !== "in_progress" || this.#running.has(id)) return body;
    return {
      ...body,
      status: "failed",
      error: { code: "server_error", message: "The server stopped before it was done" },
    };
  }

  /** Throws `not_found`, and `conflict` for one that does not run. */
  async cancel(identity: string, id: string): Promise<Item> {
    const { body } = this.#stored.get(identity, id);
    const running = this.#running.get(id);
    if (body.background !== true) {
      throw new AlephError("invalid_params", "Only a response that runs in the background can be cancelled", {
        data: { param: "response_id" },
      });
    }
    running?.abort.abort();
    await running?.ended;
    return this.get(identity, id);
  }

  /** Ends what runs; it is on disk then. */
  async [Symbol.asyncDispose](): Promise<void> {
    const running = [...this.#running.values()];
    for (const { abort } of running) abort.abort();
    await Promise.allSettled(running.map(({ ended }) => ended));
  }
}
