/** How the run of a subagent differs from others: whose files and tools it has, and who its events say started it. */
import type { Publisher } from "../sdk/bus.ts";
import type { StoredRun } from "../session/runs.ts";
import type { Session } from "../session/sessions.ts";
import type { LoopDeps } from "./loop.ts";
import { narrowed } from "./narrowing.ts";

/** The session as the run sees it. */
export function sessionIn({ request: { spawned, grant } }: Pick<StoredRun, "request">, session: Session): Session {
  if (spawned === undefined)
    return grant.guest ? { ...session, tools: narrowed(session.tools, grant.guest.tools) } : session;
  return { ...session, agent: spawned.agent, tools: narrowed(session.tools, spawned.tools) };
}

/** Each event of the run names the one that started it. */
export function withParent(deps: LoopDeps, { id, request: { spawned } }: StoredRun): LoopDeps {
  if (spawned === undefined) return deps;
  const publish: Publisher["publish"] = (topic, data, to) => {
    const isOwn = "run_id" in data && data.run_id === id;
    return deps.bus.publish(topic, isOwn ? { ...data, parent_run_id: spawned.parentRunId } : data, to);
  };
  return { ...deps, bus: { publish } };
}
