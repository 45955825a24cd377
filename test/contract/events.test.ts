/** Every event on the wire has a topic that is listed and the shape that is promised for it. */
import { describe, expect, test } from "bun:test";
import type * as z from "zod";
import { TOPICS } from "../../src/protocol/event-frame.ts";
import { eventSchemas } from "../../src/protocol/events.ts";
import { collectEvents, testApp } from "../support/app.ts";
import { until } from "../support/until.ts";

describe("events", () => {
  test("the list of topics is the list of shapes", () => {
    expect([...TOPICS].toSorted() as string[]).toEqual(Object.keys(eventSchemas).toSorted());
  });

  test("what a whole demonstration publishes is as promised, with nothing more and nothing less", async () => {
    await using app = await testApp({ toml: "", config: { exec: { approval_timeout_ms: 60_000 } } });
    const { events } = await collectEvents(app.client);
    await app.client.subscribe("approval.requested", ({ data }) => {
      const { approval_id } = data as { approval_id: string };
      void app.client.call("approvals.resolve", { approval_id, decision: "once" });
    });
    const runs: string[] = [];
    // All but the walk that asks the network for a page.
    for (const message of ["hello", "demo time", "demo todo", "demo files", "demo exec"]) {
      const { run_id, status } = await app.client.call("session.send", { message });
      expect(status).toBe("completed");
      runs.push(run_id);
    }
    const other = { message: "demo files", session_key: "agent:main:chat:other" };
    const [first, second] = await Promise.all([
      app.client.call("agent.run", other),
      app.client.call("agent.run", other),
    ]);
    await app.client.call("agent.abort", { run_id: second.run_id });
    await app.client.call("runs.wait", { run_id: first.run_id });
    await app.client.call("session.patch", { session_key: "agent:main:chat:other", title: "Another" });
    await app.client.call("session.clear", { session_key: "agent:main:chat:other" });
    await app.client.call("session.delete", { session_key: "agent:main:chat:other" });
    await app.client.call("config.patch", { patch: { log: { level: "warn" } } });
    await until(() => events.some(({ topic }) => topic === "config.changed"));

    const topics = new Set(events.map(({ topic }) => topic));
    for (const topic of [
      "agent.completed",
      "agent.queued",
      "agent.started",
      "approval.requested",
      "approval.resolved",
      "config.changed",
      "session.cleared",
      "session.created",
      "session.deleted",
      "session.updated",
      "stream.agent_trace",
      "stream.chunk",
      "stream.tool_end",
      "stream.tool_start",
    ] as const) {
      expect([...topics]).toContain(topic);
    }
    const seqs = events.map(({ seq }) => seq);
    expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
    for (const { topic, data, ...rest } of events) {
      expect(rest).toEqual({ seq: expect.any(Number), ts: expect.any(Number) });
      // Parsing leaves out what the shape does not name.
      expect({ topic, data: (eventSchemas[topic] as z.ZodType).parse(data) }).toEqual({ topic, data: data as never });
    }
    // What is kept for replay is what was sent.
    for (const run_id of runs) {
      const { events: kept } = await app.client.call("runs.events", { run_id });
      const sent = events.filter(({ data }) => (data as { run_id?: string }).run_id === run_id);
      expect(kept).toEqual(sent as never);
    }
  });
});
