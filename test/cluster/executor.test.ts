/** What a node does of what a center asks, and what it refuses. */
import { describe, expect, test } from "bun:test";
import { Executor } from "../../src/cluster/executor.ts";
import type { NodeCommand } from "../../src/cluster/node-command.ts";
import type { NodePolicy } from "../../src/cluster/node-policy.ts";
import { createLog } from "../../src/lib/log.ts";
import { AlephError } from "../../src/protocol/errors.ts";

const OPEN: NodePolicy = { commands: ["*"], ask: [], read_only: false };

/** A node with one command, whose plan a test may change under it. */
function opened(policy: Partial<NodePolicy> = {}) {
  const state = { plan: "one", runs: 0, tier: "allow" as "allow" | "ask", isHanging: false };
  const command: NodeCommand = {
    prepare: async (args, context) => ({
      tier: state.tier,
      reason: "For the test",
      plan: { what: state.plan },
      bound: args,
      looks: false,
      async run() {
        state.runs++;
        if (state.isHanging) {
          await new Promise((_, reject) => {
            context.signal.addEventListener("abort", () => reject(context.signal.reason));
          });
        }
        context.onOutput("on the way");
        return { ok: true, text: `ran ${state.plan}` };
      },
    }),
  };
  const output: string[] = [];
  const executor = new Executor({
    commands: { act: command },
    policy: () => ({ ...OPEN, ...policy }),
    workspace: "/",
    log: createLog({ write: () => undefined, level: () => "error", now: () => 0 }),
    now: () => 0,
    onOutput: (callId, content) => output.push(`${callId}: ${content}`),
  });
  const judge = (args: unknown = {}) => executor.judge({ command: "act", args, session_key: "s" });
  const call = (call_id: string, digest: string, more: object = {}) =>
    executor.call({
      call_id,
      command: "act",
      args: {},
      session_key: "s",
      digest,
      approved: false,
      timeout_ms: 60_000,
      ...more,
    });
  return { state, executor, output, judge, call };
}

const reasonOf = (thrown: unknown) => (thrown instanceof AlephError ? thrown.reason : thrown);

describe("Executor", () => {
  test("call runs what was judged, and answers the same when it is asked again", async () => {
    const { state, executor, output, judge, call } = opened();
    const { digest, tier, plan } = await judge();
    expect({ tier, plan }).toEqual({ tier: "allow", plan: { what: "one" } });
    const answer = { ok: true, text: "ran one" };
    expect([await call("c1", digest), await call("c1", digest), await executor.outcome("c1")]).toEqual([
      answer,
      answer,
      { state: "ended", answer },
    ]);
    expect({ runs: state.runs, output }).toEqual({ runs: 1, output: ["c1: on the way"] });
  });

  test("call refuses what is another than was judged: other arguments, another plan, another digest", async () => {
    const { state, judge, call } = opened();
    const { digest } = await judge();
    const other = await call("c1", digest, { args: { more: true } });
    state.plan = "two";
    const ends = [other, await call("c2", digest), await call("c3", "0".repeat(64))];
    expect(ends.map(({ ok, data }) => ({ ok, data }))).toEqual(
      new Array(3).fill({ ok: false, data: { reason: "forbidden" } }) as never,
    );
    expect(state.runs).toBe(0);
  });

  test("call refuses without a person's word where the node asks for one", async () => {
    const { state, judge, call } = opened({ ask: ["act"] });
    const { digest, tier, pattern } = await judge();
    expect({ tier, pattern }).toEqual({ tier: "ask", pattern: null });
    expect(await call("c1", digest)).toMatchObject({ ok: false, data: { reason: "approval_denied" } });
    expect(state.runs).toBe(0);
    expect(await call("c2", digest, { approved: true })).toEqual({ ok: true, text: "ran one" });
  });

  test("call refuses what the node's policy denies, whatever the center says of it", async () => {
    for (const policy of [{ read_only: true }, { commands: ["other"] }]) {
      const { state, executor, judge, call } = opened(policy);
      const { digest, tier } = await judge();
      expect(tier).toBe("deny");
      expect(await call("c1", digest, { approved: true })).toMatchObject({ ok: false, data: { reason: "forbidden" } });
      expect({ runs: state.runs, commands: executor.commands.length }).toEqual({
        runs: 0,
        commands: "commands" in policy ? 0 : 1,
      });
    }
  });

  test("a call that was asked about before it came is not begun", async () => {
    const { state, executor, judge, call } = opened();
    const { digest } = await judge();
    expect(await executor.outcome("c1")).toEqual({ state: "never" });
    expect(await call("c1", digest).catch(reasonOf)).toBe("conflict");
    expect(state.runs).toBe(0);
  });

  test("a call ends when it is cancelled, when its time is over and when the node stops", async () => {
    const { state, executor, judge, call } = opened();
    const { digest } = await judge();
    state.isHanging = true;
    const [cancelled, late] = [call("c1", digest), call("c2", digest, { timeout_ms: 1 })];
    expect(await late).toMatchObject({ ok: false, data: { reason: "timeout" } });
    executor.cancel("c1");
    expect(await cancelled).toMatchObject({ ok: false, data: { reason: "cancelled" } });
    const stopped = call("c3", digest);
    while (state.runs < 3) await Promise.resolve();
    executor.stop("The node stops");
    expect(await stopped).toMatchObject({ ok: false, text: "The node stops" });
    expect(executor.running).toBe(0);
  });

  test("a command that is not there is refused", async () => {
    const { executor } = opened();
    expect(await executor.judge({ command: "toString", args: {}, session_key: "s" }).catch(reasonOf)).toBe("not_found");
  });
});
