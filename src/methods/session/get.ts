import * as z from "zod";
import { session } from "../../protocol/session.ts";
import { defineMethod } from "../../sdk/method.ts";
import { countMessages } from "../../session/messages.ts";
import type { Sessions } from "../../session/sessions.ts";
import type { Stores } from "../../session/stores.ts";
import type { SessionLoad } from "../../session/wire.ts";
import { toWireSession } from "../../session/wire.ts";

export const sessionGet = defineMethod({
  name: "session.get",
  summary: "Get one session",
  scope: "read",
  guest: { own: "session_key" },
  params: z.strictObject({ session_key: z.string() }),
  result: session.extend({ message_count: z.number() }),
  handle(
    { sessions, queues, stores }: { sessions: Pick<Sessions, "get">; queues: SessionLoad; stores: Pick<Stores, "of"> },
    { session_key },
  ) {
    const found = sessions.get(session_key);
    return { ...toWireSession(found, queues), message_count: countMessages(stores.of(found.key).db, found.id) };
  },
});
