/** What `/metrics` shows of the server's state. */
import type { SystemStatus } from "../methods/system/status.ts";

export type Gauges = ReturnType<typeof gauges>;

export function gauges(status: SystemStatus) {
  const gauge = (help: string, value: number) => ({ help, value });
  return {
    aleph_uptime_seconds: gauge("Time since the start", status.uptime_ms / 1000),
    aleph_connections: gauge("Open WebSocket connections", status.connections),
    aleph_runs_active: gauge("Runs under way", status.runs_active),
    aleph_runs_queued: gauge("Runs that wait", status.runs_queued),
    aleph_event_seq: gauge("Number of the newest event", status.seq),
    aleph_memory_rss_bytes: gauge("Resident memory", status.memory.rss),
    aleph_storage_ok: gauge("1 while the database can be written", status.storage.ok ? 1 : 0),
    aleph_event_loop_stalls: gauge("Times that the event loop was held up for 50 ms or more", status.event_loop.stalls),
    aleph_event_loop_longest_stall_seconds: gauge(
      "Longest hold-up of the event loop",
      status.event_loop.longest_stall_ms / 1000,
    ),
  };
}
