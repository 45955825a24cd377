import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { AlephError } from "../../src/protocol/errors.ts";
import {
  agentOf,
  buildSessionKey,
  canonicalSessionKey,
  isBelow,
  isEphemeral,
  MAIN_SESSION_KEY,
  parseSessionKey,
  type SessionKey,
} from "../../src/protocol/session-key.ts";

const FORMS: readonly (readonly [string, SessionKey])[] = [
  ["agent:main:main", { form: "main", agent: "main", name: "main" }],
  ["agent:main:telegram:dm:user123", { form: "direct", agent: "main", channel: "telegram", peer: "user123" }],
  ["agent:main:imessage:dm:+4912345", { form: "direct", agent: "main", channel: "imessage", peer: "+4912345" }],
  ["agent:main:discord:group:guild-id", { form: "group", agent: "main", channel: "discord", group: "guild-id" }],
  ["agent:main:telegram:group:-100123", { form: "group", agent: "main", channel: "telegram", group: "-100123" }],
  [
    "agent:work:slack:group:C1:thread:1.2",
    { form: "group", agent: "work", channel: "slack", group: "C1", thread: "1.2" },
  ],
  ["agent:main:cron:daily-summary", { form: "task", agent: "main", source: "cron", id: "daily-summary" }],
  ["agent:main:hook:git", { form: "task", agent: "main", source: "hook", id: "git" }],
  ["agent:main:webhook:ci", { form: "task", agent: "main", source: "webhook", id: "ci" }],
  ["agent:main:chat:0199", { form: "chat", agent: "main", id: "0199" }],
  ["agent:main:ephemeral:uuid", { form: "ephemeral", agent: "main", id: "uuid" }],
  ["subagent:agent:main:translator", { form: "subagent", parent: "agent:main:main", name: "translator" }],
  ["subagent:agent:main:chat:1:helper", { form: "subagent", parent: "agent:main:chat:1", name: "helper" }],
  ["subagent:subagent:agent:main:a:b", { form: "subagent", parent: "subagent:agent:main:a", name: "b" }],
];

describe("session keys", () => {
  test.each(FORMS)("%s is parsed and built", (text, key) => {
    expect(parseSessionKey(text)).toEqual(key);
    expect(buildSessionKey(key)).toBe(text);
    expect(canonicalSessionKey(text)).toBe(text);
  });

  test.each([
    ["", "it has an empty segment"],
    ["agent", "the agent's name and the kind of session must follow"],
    ["agent:main", "the agent's name and the kind of session must follow"],
    ["agent:main:", "it has an empty segment"],
    ["agent::main", "it has an empty segment"],
    ["user:main:main", 'it must begin with "agent:" or "subagent:"'],
    ["Agent:main:main", 'it must begin with "agent:" or "subagent:"'],
    ["agent:-rf:main", 'agent "-rf" must begin with a letter or a digit'],
    ["agent:main:telegram:user", '"telegram" is not one of cron, hook, webhook, chat, ephemeral'],
    ["agent:main:telegram:dm:a:b", 'after the channel comes "dm:<peer>" or "group:<id>", optionally ":thread:<id>"'],
    ["agent:main:telegram:room:a", 'after the channel comes "dm:<peer>" or "group:<id>", optionally ":thread:<id>"'],
    [
      "agent:main:discord:group:a:thread",
      'after the channel comes "dm:<peer>" or "group:<id>", optionally ":thread:<id>"',
    ],
    [
      "agent:main:discord:dm:a:thread:b",
      'after the channel comes "dm:<peer>" or "group:<id>", optionally ":thread:<id>"',
    ],
    [
      "agent:main:discord:group:a:topic:b",
      'after the channel comes "dm:<peer>" or "group:<id>", optionally ":thread:<id>"',
    ],
    ["agent:main:../x", 'segment "../x" has characters that are not allowed'],
    ["agent:main:.hidden", 'segment ".hidden" has characters that are not allowed'],
    ["agent:main:a b", 'segment "a b" has characters that are not allowed'],
    ["agent:main:a\n", 'segment "a\n" has characters that are not allowed'],
    ["agent:main:ä", 'segment "ä" has characters that are not allowed'],
    ["agent:main:a\0", 'segment "a\0" has characters that are not allowed'],
    [`agent:main:${"x".repeat(129)}`, `segment "${"x".repeat(40)}" has characters that are not allowed`],
    [`agent:main:${"x:".repeat(300)}x`, "it is longer than 512 characters"],
    ["subagent", "a subagent needs its parent's key and a name"],
    ["subagent:x", "a subagent needs its parent's key and a name"],
    ["subagent:agent:main", "the agent's name and the kind of session must follow"],
    ["subagent:user:main:x", 'it must begin with "agent:" or "subagent:"'],
    [`${"subagent:".repeat(5)}agent:main:a:b:c:d:e`, "subagents nest deeper than 4"],
  ])("%j is refused with the reason", (text, why) => {
    try {
      parseSessionKey(text);
      expect.unreachable();
    } catch (thrown) {
      const { reason, message, data } = thrown as AlephError;
      expect({ reason, data }).toEqual({
        reason: "invalid_params",
        data: { issues: [{ path: "session_key", message: why }], hint: 'Use a key such as "agent:main:main"' },
      });
      expect(message.endsWith(` is not valid: ${why}`)).toBe(true);
      expect(message.length).toBeLessThan(300);
    }
  });

  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.@+-]{0,20}$/);
  const part = fc.stringMatching(/^[A-Za-z0-9+-][A-Za-z0-9_.@+-]{0,20}$/);
  const plain: fc.Arbitrary<SessionKey> = fc.oneof(
    fc.record({ form: fc.constant("main" as const), agent: name, name: part }),
    fc.record({ form: fc.constant("direct" as const), agent: name, channel: part, peer: part }),
    fc.record(
      { form: fc.constant("group" as const), agent: name, channel: part, group: part, thread: part },
      { requiredKeys: ["form", "agent", "channel", "group"] },
    ),
    fc.record({
      form: fc.constant("task" as const),
      agent: name,
      source: fc.constantFrom("cron" as const, "hook" as const, "webhook" as const),
      id: part,
    }),
    fc.record({ form: fc.constantFrom("chat" as const, "ephemeral" as const), agent: name, id: part }),
  );

  test("built and parsed, a key of any form is the same key, and its text has one spelling", () => {
    fc.assert(
      fc.property(plain, fc.array(part, { maxLength: 4 }), (root, names) => {
        let key = root;
        for (const each of names) key = { form: "subagent", parent: buildSessionKey(key), name: each };
        const text = buildSessionKey(key);
        expect(parseSessionKey(text)).toEqual(key);
        expect(canonicalSessionKey(text)).toBe(text);
        expect(agentOf(key)).toBe((root as { agent: string }).agent);
        expect(isEphemeral(key)).toBe(root.form === "ephemeral");
      }),
    );
  });

  test("two spellings of one session come to one, also below other subagents", () => {
    expect(canonicalSessionKey("subagent:agent:main:main:a")).toBe("subagent:agent:main:a");
    expect(canonicalSessionKey("subagent:subagent:agent:main:main:a:b")).toBe("subagent:subagent:agent:main:a:b");
    expect(parseSessionKey("subagent:subagent:agent:main:main:a:b")).toEqual(
      parseSessionKey("subagent:subagent:agent:main:a:b"),
    );
  });

  test("no part can smuggle in the key of another session", () => {
    const smuggled: SessionKey[] = [
      { form: "main", agent: "main", name: "telegram:dm:bob" },
      { form: "direct", agent: "main", channel: "telegram", peer: "a:b" },
      { form: "group", agent: "main", channel: "discord", group: "g:thread:t" },
      { form: "group", agent: "main", channel: "discord", group: "g", thread: "" },
      { form: "chat", agent: "main:chat", id: "x" },
      { form: "task", agent: "main", source: "cron", id: "" },
      { form: "subagent", parent: "agent:main:main", name: "a:b" },
      { form: "subagent", parent: "", name: "a" },
    ];
    for (const key of smuggled) expect(() => buildSessionKey(key)).toThrow(AlephError);
    fc.assert(
      fc.property(fc.string(), fc.string(), (channel, peer) => {
        const key: SessionKey = { form: "direct", agent: "main", channel, peer };
        let text: string;
        try {
          text = buildSessionKey(key);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(AlephError);
          return;
        }
        expect(parseSessionKey(text)).toEqual(key);
      }),
    );
  });

  test("any text is a key or is refused as invalid_params, and a key's canonical form is stable", () => {
    const word = fc.constantFrom("agent", "subagent", "main", "dm", "group", "thread", "cron", "chat", "x", "", "ä");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word, { maxLength: 12 }).map((words) => words.join(":")),
        ),
        (text) => {
          try {
            const canonical = canonicalSessionKey(text);
            expect(canonicalSessionKey(canonical)).toBe(canonical);
            expect(parseSessionKey(canonical)).toEqual(parseSessionKey(text));
          } catch (thrown) {
            expect((thrown as AlephError).reason).toBe("invalid_params");
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("MAIN_SESSION_KEY is one", () => {
    expect(parseSessionKey(MAIN_SESSION_KEY)).toEqual({ form: "main", agent: "main", name: "main" });
  });
});

test("isBelow knows the subagents of a session at any depth, and no other session", () => {
  const parent = "agent:main:chat:a";
  expect(isBelow(`subagent:${parent}:x`, parent)).toBe(true);
  expect(isBelow(`subagent:subagent:${parent}:x:y`, parent)).toBe(true);
  expect(isBelow("subagent:agent:main:x", "agent:main:main")).toBe(true);
  expect(isBelow(parent, parent)).toBe(false);
  expect(isBelow(`subagent:${parent}b:x`, parent)).toBe(false);
});
