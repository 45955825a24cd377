import * as z from "zod";
import { assertAgent } from "../../agent/toolbox.ts";
import type { Config } from "../../config/schema.ts";
import { createId } from "../../lib/id.ts";
import { session, sessionPatch } from "../../protocol/session.ts";
import { agentOf, buildSessionKey, parseSessionKey } from "../../protocol/session-key.ts";
import { defineMethod } from "../../sdk/method.ts";
import type { Sessions } from "../../session/sessions.ts";
import type { SessionLoad } from "../../session/wire.ts";
import { toWireSession } from "../../session/wire.ts";

export const sessionCreate = defineMethod({
  name: "session.create",
  summary: "Create a session; without a key a new conversation of the agent",
  scope: "chat",
  params: z.strictObject({
    session_key: z.string().optional(),
    agent: z.string().default("main"),
    ...sessionPatch.shape,
  }),
  result: session,
  async handle(
    {
      sessions,
      queues,
      configWithAgents,
    }: { sessions: Pick<Sessions, "create">; queues: SessionLoad; configWithAgents: () => Config },
    params,
  ) {
    const { session_key, agent, ...patch } = params;
    const key = session_key ?? buildSessionKey({ form: "chat", agent, id: createId("s").slice(2) });
    assertAgent(configWithAgents(), agentOf(parseSessionKey(key)));
    return toWireSession(await sessions.create(key, "owner", patch), queues);
  },
});
