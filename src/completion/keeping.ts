/** What one request of `/v1/responses` takes from responses that were kept, and adds to them. */
import type { Body } from "../dialects/dialect.ts";
import { createId } from "../lib/id.ts";
import { AlephError } from "../protocol/errors.ts";
import type { CompletionCall } from "./call.ts";
import { type Item, inputItems, type StoredResponse, type StoredResponses } from "./stored-responses.ts";

export class Keeping {
  /** Whether the answer is to be kept. */
  readonly wanted: boolean;
  readonly #stored: StoredResponses;
  readonly #body: Body;
  readonly #identity: string;
  readonly #previous: StoredResponse | undefined;
  readonly #previousId: string | undefined;
  readonly #hasReferences: boolean;

  constructor(stored: StoredResponses, { body, grant }: CompletionCall) {
    this.#stored = stored;
    this.#body = body;
    this.#identity = grant.identity.id;
    this.wanted = body.store !== false;
    const previous = body.previous_response_id;
    this.#previousId = typeof previous === "string" ? previous : undefined;
    this.#previous = this.#previousId === undefined ? undefined : stored.find(this.#identity, this.#previousId);
    this.#hasReferences = Array.isArray(body.input) && body.input.some(isReference);
  }

  /** The body with all that was said before in it, for a model that knows nothing of it. Throws `not_found`. */
  expanded(): Body {
    if (this.#previousId === undefined && !this.#hasReferences) return this.#body;
    const { previous_response_id: _, ...body } = this.#body;
    return { ...body, input: this.#input() };
  }

  /** Fields to be changed for a vendor with the same format, if any: one that keeps the previous response itself needs none. */
  change(provider: string): Readonly<Record<string, unknown>> | undefined {
    if (this.#previousId === undefined && !this.#hasReferences) return undefined;
    // Not kept here: then it is the vendor's, or nobody's, and the vendor says so.
    if (this.#previousId !== undefined && this.#previous === undefined) return undefined;
    if (this.#previous !== undefined && this.#previous.provider === provider) return undefined;
    if (this.#previous === undefined && !this.#knowsReferences()) return undefined;
    return { previous_response_id: undefined, input: this.#input() };
  }

  /** Does nothing when it is not wanted. `provider` keeps it as well. */
  async keep(response: unknown, provider: string | undefined): Promise<void> {
    const body = response as Item;
    if (!this.wanted || typeof body?.id !== "string") return;
    await this.#stored.put(this.#identity, {
      id: body.id,
      previousId: this.#previousId,
      provider,
      body,
      input: this.#stored.resolve(
        this.#identity,
        inputItems(this.#body, () => createId("msg")),
      ),
    });
  }

  /** As `keep`, with the response in the last of a stream's events. */
  async keepEvents(events: string, provider: string | undefined): Promise<void> {
    if (!this.wanted) return;
    const at = Math.max(...["completed", "incomplete", "failed"].map((end) => events.lastIndexOf(`"response.${end}"`)));
    const line = at < 0 ? "" : events.slice(events.lastIndexOf("\n", at) + 1).split("\n", 1)[0]!;
    if (!line.startsWith("data:")) return;
    await this.keep((JSON.parse(line.slice("data:".length)) as { response?: unknown }).response, provider);
  }

  #input(): Item[] {
    const before = this.#previousId === undefined ? [] : this.#stored.history(this.#identity, this.#previousId);
    const { input } = this.#body;
    const items: Item[] =
      typeof input === "string" ? [{ type: "message", role: "user", content: input }] : (input as Item[]);
    return [...before, ...this.#stored.resolve(this.#identity, items)];
  }

  #knowsReferences(): boolean {
    try {
      this.#input();
      return true;
    } catch (error) {
      // They are the vendor's own.
      if (error instanceof AlephError && error.reason === "invalid_params") return false;
      throw error;
    }
  }
}

function isReference(item: unknown): boolean {
  return typeof item === "object" && item !== null && "type" in item && item.type === "item_reference";
}
