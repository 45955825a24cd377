import { describe, expect, test } from "bun:test";
import { admit, isSpokenIn, type Place } from "../../src/channel/admission.ts";
import type { ChatPolicy } from "../../src/sdk/channel.ts";
import { OPEN_POLICY } from "../support/chat.ts";

const OWNER = "U1";
const PEER = { scopes: ["chat"] } as const;

function placeOf(policy: Partial<ChatPolicy> = {}): Place {
  return { channel: "work", realm: "telegram", policy: { ...OPEN_POLICY, allow_from: [OWNER], ...policy } };
}

function sessionOf(place: Place, id: string, group?: { id: string; thread?: string }): string | undefined {
  const message = { sender: { id }, ...(group ? { group: { ...group, addressed: true } } : {}) };
  const admission = admit(place, message, id === OWNER ? undefined : PEER);
  return admission.kind === "taken" ? admission.sessionKey : undefined;
}

describe("admit", () => {
  test.each([
    ["per_peer", "agent:main:telegram:dm:U1", "agent:main:telegram:dm:U2"],
    ["per_channel_peer", "agent:main:work:dm:U1", "agent:main:work:dm:U2"],
    ["main", "agent:main:main", "agent:main:telegram:dm:U2"],
  ] as const)("gives whoever writes alone his session, with the scope %s", (dm_scope, ofOwner, ofPeer) => {
    const place = placeOf({ dm_scope });
    expect([sessionOf(place, OWNER), sessionOf(place, "U2")]).toEqual([ofOwner, ofPeer]);
  });

  test.each(["per_peer", "per_channel_peer", "main"] as const)(
    "leaves a group to the account that it is of, with the scope %s",
    (dm_scope) => {
      const place = placeOf({ dm_scope, groups: { "*": { require_mention: true, allow_from: [] } } });
      expect([sessionOf(place, OWNER, { id: "g1" }), sessionOf(place, "U2", { id: "g1", thread: "t1" })]).toEqual([
        "agent:main:work:group:g1",
        "agent:main:work:group:g1:thread:t1",
      ]);
    },
  );

  test("gives a guest a session of his own in each account, whatever the scope, and never the owner's", () => {
    const sessions = (["per_peer", "per_channel_peer", "main"] as const).flatMap((dm_scope) =>
      ["work", "telegram"].map((channel) => {
        const place = { ...placeOf({ dm_scope, dm_policy: "open" }), channel };
        const admission = admit(place, { sender: { id: "U9" } }, undefined);
        return admission.kind === "taken" ? admission.sessionKey : "";
      }),
    );
    expect(sessions.map((key) => key.replace(/-[0-9a-f]{32}$/, ""))).toEqual([
      ...Array.from({ length: 3 }, () => ["agent:main:ephemeral:work", "agent:main:ephemeral:telegram"]).flat(),
    ]);
    expect(new Set(sessions).size).toBe(2);
  });

  test("knows a person of another agent's table as the same one, with a session of that agent", () => {
    expect(sessionOf(placeOf({ agent: "clerk" }), "U2")).toBe("agent:clerk:telegram:dm:U2");
  });
});

describe("isSpokenIn", () => {
  test.each([
    ["per_peer", "agent:main:telegram:dm:U2", true],
    ["per_peer", "agent:main:work:dm:U2", false],
    ["per_peer", "agent:main:telegram:dm:U3", false],
    ["per_channel_peer", "agent:main:work:dm:U2", true],
    ["per_channel_peer", "agent:main:telegram:dm:U2", false],
    ["main", "agent:main:telegram:dm:U2", true],
    ["main", "agent:main:main", false],
    ["per_peer", "agent:main:work:group:g1", true],
    ["per_peer", "agent:main:telegram:group:g1", false],
    ["per_peer", "subagent:agent:main:telegram:dm:U2:helper", true],
    ["per_peer", null, false],
  ] as const)("with the scope %s takes %s for what U2 takes part in: %p", (dm_scope, sessionKey, expected) => {
    expect(isSpokenIn(placeOf({ dm_scope }), "U2", sessionKey)).toBe(expected);
  });
});
