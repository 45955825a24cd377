import * as z from "zod";
import { message } from "../../protocol/message.ts";
import { run } from "../../protocol/run.ts";
import { defineMethod } from "../../sdk/method.ts";
import { readRunMessages } from "../../session/messages.ts";
import { type Runs, toWireRun } from "../../session/runs.ts";
import type { Stores } from "../../session/stores.ts";

export const runsGet = defineMethod({
  name: "runs.get",
  summary: "Get one run with its messages",
  scope: "read",
  guest: { own: "run_id" },
  params: z.strictObject({ run_id: z.string() }),
  result: run.extend({ messages: z.array(message) }),
  handle({ runs, stores }: { runs: Pick<Runs, "get">; stores: Pick<Stores, "of"> }, { run_id }, { grant }) {
    const found = runs.get(run_id);
    const messages = readRunMessages(stores.of(found.sessionKey).db, found.id);
    return { ...toWireRun(found, grant), messages: messages.map(({ position: _, ...rest }) => rest) };
  },
});
