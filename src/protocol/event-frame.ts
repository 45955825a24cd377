/** Events on the wire. Apart from `events.ts`, whose schemas a server need not load to send one. */
import type { EventData, EventFrame, Topic } from "./events.ts";

export type { EventData, EventFrame, Topic };

/** The `event` notification of JSON-RPC, as text. */
export function frameOf(event: EventFrame): string {
  return `{"jsonrpc":"2.0","method":"event","params":${JSON.stringify(event)}}`;
}
