import { describe, expect, test } from "bun:test";
import { buildEntries, withNewestPage, withOlderPage, withRunMessages } from "../../../src/panel/state/timeline.ts";
import type { Message } from "../../../src/protocol/message.ts";
import type { Run } from "../../../src/protocol/run.ts";

function message(id: string, role: Message["role"], run_id: string | null = null): Message {
  return { id, role, run_id, content: id, parts: [{ type: "text", text: id }], status: "complete", ts: 1, model: null };
}

function run(run_id: string, status: Run["status"]): readonly [string, Run] {
  const times = { created_at: 1, started_at: null, ended_at: null };
  return [run_id, { run_id, session_key: "agent:main:main", status, model: null, steps: 0, ...times }];
}

const rows = (
  messages: readonly Message[],
  runs: readonly (readonly [string, Run])[] = [],
  live: readonly string[] = [],
) =>
  buildEntries(messages, new Map(runs), new Set(live)).map((entry) =>
    entry.kind === "answer"
      ? `${entry.key}: ${entry.messages.map(({ id }) => id).join(" ")}`
      : `${entry.kind} ${entry.message.id}${entry.kind === "user" && entry.queuedRun ? " waits" : ""}`,
  );
const ids = (messages: readonly Message[]) => messages.map(({ id }) => id).join(" ");

describe("buildEntries", () => {
  test("makes one answer of all messages of a run", () => {
    const messages = [
      message("1", "user", "a"),
      message("2", "assistant", "a"),
      message("3", "tool", "a"),
      message("4", "assistant", "a"),
    ];
    expect(rows(messages)).toEqual(["user 1", "r:a: 2 3 4"]);
  });

  test("keeps an answer together when a queued message stands between its parts", () => {
    const messages = [
      message("1", "user", "a"),
      message("2", "assistant", "a"),
      message("3", "user", "b"),
      message("4", "tool", "a"),
      message("5", "assistant", "a"),
    ];
    expect(rows(messages, [run("a", "running"), run("b", "queued")], ["a"])).toEqual([
      "user 1",
      "r:a: 2 4 5",
      "user 3 waits",
    ]);
  });

  test("puts what was added to a running answer into the answer", () => {
    const messages = [
      message("1", "user", "a"),
      message("2", "assistant", "a"),
      message("3", "user", "a"),
      message("4", "assistant", "a"),
    ];
    expect(rows(messages)).toEqual(["user 1", "r:a: 2 3 4"]);
  });

  test("has a row for an answer of which nothing is written yet, or ever was", () => {
    const asked = [message("1", "user", "a")];
    expect(rows(asked)).toEqual(["user 1"]);
    expect(rows(asked, [], ["a"])).toEqual(["user 1", "r:a: "]);
    expect(rows(asked, [run("a", "running")])).toEqual(["user 1", "r:a: "]);
    expect(rows(asked, [run("a", "failed")])).toEqual(["user 1", "r:a: "]);
    expect(rows(asked, [run("a", "queued")])).toEqual(["user 1 waits"]);
    expect(rows(asked, [run("a", "completed")])).toEqual(["user 1"]);
  });

  test("keeps what a tool gave in its answer also where there is no run", () => {
    const roles = ["tool", "user", "assistant", "tool", "tool", "assistant", "assistant", "user", "tool"] as const;
    expect(rows(roles.map((role, at) => message(`${at}`, role)))).toEqual([
      "m:0: 0",
      "user 1",
      "m:2: 2 3 4 5",
      "m:6: 6",
      "user 7",
      "m:8: 8",
    ]);
  });

  test("shows messages that belong to no run one by one", () => {
    expect(
      rows([message("1", "user"), message("2", "assistant"), message("3", "assistant"), message("4", "system")]),
    ).toEqual(["user 1", "m:2: 2", "m:3: 3", "system 4"]);
  });
});

describe("pages of history", () => {
  const known = [message("1", "user"), message("2", "user"), message("3", "user")];

  test("an older page goes before, without what is there already", () => {
    expect(ids(withOlderPage(known, [message("0", "user"), message("1", "user")]))).toBe("0 1 2 3");
  });

  test("the newest page wins in order and content, older ones stay", () => {
    const page = [message("3", "user"), { ...message("2", "user"), content: "moved" }, message("4", "user")];
    const merged = withNewestPage(known, page);
    expect(ids(merged)).toBe("1 3 2 4");
    expect(merged[2]!.content).toBe("moved");
  });

  test("what is gone from the newest page is gone", () => {
    expect(ids(withNewestPage(known, [message("2", "user"), message("4", "user")]))).toBe("1 2 4");
  });

  test("a page that does not reach what was known replaces it", () => {
    expect(ids(withNewestPage(known, [message("8", "user"), message("9", "user")]))).toBe("8 9");
  });
});

describe("withRunMessages", () => {
  const known = [
    message("1", "user"),
    message("2", "user", "a"),
    message("3", "assistant", "a"),
    message("4", "user", "b"),
  ];

  test("replaces the messages of the run where they stood", () => {
    const fresh = [message("2", "user", "a"), message("3", "assistant", "a"), message("5", "tool", "a")];
    expect(ids(withRunMessages(known, "a", fresh))).toBe("1 2 3 5 4");
  });

  test("takes out what the run has no more", () => {
    expect(ids(withRunMessages(known, "a", [message("2", "user", "a")]))).toBe("1 2 4");
  });

  test("puts a new run at the end", () => {
    expect(ids(withRunMessages(known, "c", [message("6", "user", "c")]))).toBe("1 2 3 4 6");
  });
});
