/** Links to stored files: asked for when a file is shown, kept while they work. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Call } from "./connection.ts";

export interface MediaLinks {
  /** Undefined until there is one, and where there is none. */
  of(mediaId: string): ReadonlySignal<string | undefined>;
}

/** A link that ends sooner is asked for anew. */
const LEAST_LEFT_MS = 5 * 60_000;
const KEPT = 500;

interface Known {
  readonly url: Signal<string | undefined>;
  until: number;
  asking: boolean;
}

export function createMediaLinks(call: Call, now: () => number): MediaLinks {
  const known = new Map<string, Known>();
  return {
    of(mediaId) {
      const link = known.get(mediaId) ?? { url: signal<string | undefined>(undefined), until: 0, asking: false };
      known.delete(mediaId);
      known.set(mediaId, link);
      if (known.size > KEPT) for (const [oldest] of known) if (known.size > KEPT / 2) known.delete(oldest);
      if (!link.asking && link.until - now() < LEAST_LEFT_MS) {
        link.asking = true;
        call("media.link", { media_id: mediaId })
          .then(
            ({ url, expires_at }) => {
              link.url.value = url;
              link.until = expires_at;
            },
            () => "without a connection the file is named, and asked for when it is shown again",
          )
          .finally(() => {
            link.asking = false;
          });
      }
      return link.url;
    },
  };
}
