/** Events on the wire. Apart from `events.ts`, whose schemas a server need not load to send one. */
import type { EventData, EventFrame, Topic } from "./events.ts";

export type { EventData, EventFrame, Topic };

/** The `event` notification of JSON-RPC, as text. */
export function frameOf(event: EventFrame): string {
  return `{"jsonrpc":"2.0","method":"event","params":${JSON.stringify(event)}}`;
}

/** Every topic that a client may subscribe to. Beside the schemas, so that naming them costs nothing. */
export const TOPICS = [
  "stream.chunk",
  "stream.thinking",
  "stream.tool_start",
  "stream.tool_output",
  "stream.tool_end",
  "stream.agent_trace",
  "agent.queued",
  "agent.started",
  "agent.completed",
  "agent.error",
  "agent.cancelled",
  "agent.interrupted",
  "session.created",
  "session.updated",
  "session.message",
  "session.cleared",
  "session.deleted",
  "approval.requested",
  "approval.resolved",
  "approval.revoked",
  "auth.pairing_requested",
  "auth.pairing_resolved",
  "job.started",
  "job.ended",
  "question.asked",
  "question.closed",
  "generation.progress",
  "generation.done",
  "generation.failed",
  "config.changed",
  "config.invalid",
  "provider.failed",
  "provider.recovered",
  "protocol.loaded",
  "protocol.invalid",
  "interface.started",
  "interface.stopped",
  "interface.error",
  "mcp.status",
  "plugin.loaded",
  "plugin.error",
  "plugin.status",
  "plugin.unloaded",
  "plugin.denied",
  "service.started",
  "service.stopped",
  "service.failed",
  "node.connected",
  "node.disconnected",
  "node.revoked",
  "node.call_started",
  "node.output",
  "node.call_ended",
  "system.tick",
  "system.shutdown",
] as const satisfies readonly Topic[];
