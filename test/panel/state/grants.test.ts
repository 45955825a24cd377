import { expect, test } from "bun:test";
import { createGrants } from "../../../src/panel/state/grants.ts";
import type { ApprovalGrant } from "../../../src/protocol/approval.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import type { EventFrame } from "../../../src/protocol/events.ts";
import { until } from "../../support/until.ts";

const GRANT: ApprovalGrant = {
  approval_id: "approval_1",
  tool: "exec",
  scope: "always",
  session_key: null,
  allows: { program: "/usr/bin/mkdir", args: ["made"] },
  granted_by: "owner",
  created_at: 1,
};

function setUp() {
  const held = { grants: [GRANT] as ApprovalGrant[], calls: [] as string[], broken: false };
  const grants = createGrants((async (method: string, params: { approval_id?: string }) => {
    held.calls.push(method);
    if (held.broken) throw new AlephError("overloaded", "Too much");
    if (method === "approvals.revoke") {
      held.grants = held.grants.filter(({ approval_id }) => approval_id !== params.approval_id);
    }
    return { grants: held.grants };
  }) as never);
  return { held, grants };
}

const event = (topic: string) => ({ topic, seq: 1, ts: 1, data: {} }) as unknown as EventFrame;

test("createGrants lists what is allowed, and takes one back", async () => {
  const { held, grants } = setUp();
  expect([grants.list.value, grants.phase.value.kind]).toEqual([undefined, "loading"]);
  await grants.load();
  expect([grants.list.value, grants.phase.value.kind]).toEqual([[GRANT], "ready"]);
  await grants.revoke("approval_1");
  expect([grants.list.value, held.calls]).toEqual([[], ["approvals.grants", "approvals.revoke", "approvals.grants"]]);
});

test("createGrants reads anew when something was allowed or taken back, but only where it was read before", async () => {
  const { held, grants } = setUp();
  grants.handle(event("approval.revoked"));
  expect(held.calls).toEqual([]);
  await grants.load();
  held.grants = [];
  grants.handle(event("approval.requested"));
  expect(held.calls).toHaveLength(1);
  grants.handle(event("approval.revoked"));
  await until(() => grants.list.value?.length === 0);
});

test("createGrants says what went wrong, and keeps what could not be taken back", async () => {
  const { held, grants } = setUp();
  await grants.load();
  held.broken = true;
  await expect(grants.revoke("approval_1")).rejects.toMatchObject({ reason: "overloaded" });
  expect(grants.list.value).toEqual([GRANT]);
  await grants.load();
  expect(grants.phase.value.kind).toBe("failed");
});
