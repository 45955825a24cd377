import { expect, test } from "bun:test";
import { RunFollower } from "../../../src/cli/conversation/followed-run.ts";
import { createLink } from "../../../src/cli/conversation/link.ts";
import type { EventFrame } from "../../../src/protocol/event-frame.ts";
import { conversation, MAIN } from "../../support/conversation.ts";

test("a followed run brings the questions of its subagents, and not those of other conversations", async () => {
  await using t = await conversation();
  const call = (name: string, args: object) => [{ tool_call: { name, args } }];
  const touch = call("exec", { command: "touch x.txt" });
  t.fake.answer(({ body }) => {
    const question = body.messages.findLast((m: { role: string }) => m.role === "user").content;
    if (body.messages.at(-1).role === "tool") return "done";
    return question === "go" ? call("agent_spawn", { task: "touch" }) : touch;
  });
  using follower = await RunFollower.open(t.client, createLink({ notice: () => undefined }));
  using other = await t.connect();
  await other.call("agent.run", { message: "touch", session_key: "agent:main:chat:other" });
  const seen: EventFrame[] = [];
  await other.subscribe("approval.requested", ({ data }) => {
    void other.call("approvals.resolve", {
      approval_id: (data as { approval_id: string }).approval_id,
      decision: "deny",
    });
  });
  const { ended } = await follower.start({ message: "go", session_key: MAIN }, (event) => void seen.push(event));
  expect((await ended).text).toBe("done");
  const approvals = seen.filter(({ topic }) => topic.startsWith("approval."));
  expect(approvals.map(({ topic }) => topic)).toEqual(["approval.requested", "approval.resolved"]);
  for (const { data } of approvals)
    expect((data as { session_key: string }).session_key).toStartWith("subagent:agent:main:");
});
