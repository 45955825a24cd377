import { expect, test } from "bun:test";
import type { Call } from "../../../src/panel/state/connection.ts";
import { createSearch } from "../../../src/panel/state/search.ts";
import { AlephError } from "../../../src/protocol/errors.ts";

const found = (id: string) => ({
  session_key: "agent:main:main",
  title: null,
  message_id: id,
  role: "user" as const,
  ts: 1,
  snippet: id,
});

test("createSearch shows what answers the last question, however late an earlier answer comes", async () => {
  const answers = new Map<string, PromiseWithResolvers<unknown>>();
  const call = ((_method: string, { query }: { query: string }) => {
    const answer = Promise.withResolvers<unknown>();
    answers.set(query, answer);
    return answer.promise;
  }) as unknown as Call;
  const search = createSearch(call);
  const first = search.ask("old");
  const second = search.ask(" new ");
  expect(search.phase.value.kind).toBe("loading");
  answers.get("new")!.resolve({ messages: [found("n")], not_searched: 3 });
  await second;
  answers.get("old")!.resolve({ messages: [found("o")], not_searched: 0 });
  await first;
  expect([search.query.value, search.found.value, search.notSearched.value, search.phase.value.kind]).toEqual([
    "new",
    [found("n")],
    3,
    "ready",
  ]);
  await search.ask("");
  expect([search.found.value, [...answers.keys()]]).toEqual([[], ["old", "new"]]);
});

test("createSearch says why it failed", async () => {
  const call = (() => Promise.reject(new AlephError("overloaded", "Too much at once"))) as unknown as Call;
  const search = createSearch(call);
  await search.ask("x");
  expect(search.phase.value).toMatchObject({ kind: "failed", trouble: { reason: "overloaded" } });
});

test("createSearch asks once more after a connect for what could not be had, and for nothing else", async () => {
  let asked = 0;
  const call = (async () => {
    if (++asked === 1) throw new AlephError("cancelled", "There is no connection to the server");
    return { messages: [found("a")], not_searched: 0 };
  }) as unknown as Call;
  const search = createSearch(call);
  await search.renew();
  await search.ask("x");
  await search.renew();
  await search.renew();
  expect([search.phase.value.kind, search.found.value, asked]).toEqual(["ready", [found("a")], 2]);
});

test("createSearch says when only the best are listed", async () => {
  let count = 49;
  const call = (async () => ({
    messages: Array.from({ length: count }, (_, at) => found(String(at))),
    not_searched: 0,
  })) as unknown as Call;
  const search = createSearch(call);
  await search.ask("x");
  expect(search.isCut.value).toBe(false);
  count = 50;
  await search.ask("x");
  expect(search.isCut.value).toBe(true);
});
