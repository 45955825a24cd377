/** Remembers which key answered a conversation: its vendor keeps the beginning cached, and sealed thinking is its own. */
import type { ModelRequest } from "../../sdk/provider.ts";

export interface Stickiness {
  /** The place of the key that answered this conversation before; nothing for one that begins. */
  get(request: ModelRequest): number | undefined;
  set(request: ModelRequest, place: number): void;
}

const MAX_CONVERSATIONS = 1_000;

export function createStickiness(): Stickiness {
  /** The oldest first. */
  const places = new Map<number | bigint, number>();
  return {
    get(request) {
      return request.messages.some(({ role }) => role === "assistant") ? places.get(fingerprint(request)) : undefined;
    },
    set(request, place) {
      const name = fingerprint(request);
      places.delete(name);
      places.set(name, place);
      if (places.size > MAX_CONVERSATIONS) places.delete(places.keys().next().value!);
    },
  };
}

/** A conversation is told by how it begins, which stays as it is while it goes on. */
function fingerprint({ model, system, messages }: ModelRequest): number | bigint {
  const texts = (messages[0]?.content ?? []).map((part) => (part.type === "text" ? part.text : part.type));
  return Bun.hash([model, system[0] ?? "", ...texts].join("\n"));
}
