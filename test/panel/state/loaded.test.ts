import { expect, test } from "bun:test";
import { createLoaded } from "../../../src/panel/state/loaded.ts";
import { AlephError } from "../../../src/protocol/errors.ts";

test("createLoaded reads nothing before it is asked, and anew only what was asked for", async () => {
  let reads = 0;
  const { value, phase, load, renew } = createLoaded(async () => ++reads);
  await renew();
  expect([value.value, phase.value.kind, reads]).toEqual([undefined, "loading", 0]);
  await load();
  expect([value.value, phase.value.kind]).toEqual([1, "ready"]);
  await renew();
  expect(value.value).toBe(2);
});

test("createLoaded reads once more when it is asked while an answer is on its way, however often", async () => {
  const answers: PromiseWithResolvers<number>[] = [];
  const { value, load } = createLoaded(() => {
    const answer = Promise.withResolvers<number>();
    answers.push(answer);
    return answer.promise;
  });
  const first = load();
  const others = [load(), load(), load()];
  answers[0]!.resolve(1);
  while (answers.length < 2) await Promise.resolve();
  answers[1]!.resolve(2);
  await Promise.all([first, ...others]);
  expect([answers.length, value.value]).toEqual([2, 2]);
});

test("createLoaded says what went wrong, keeps what it had, and is well again after the next answer", async () => {
  let trouble: AlephError | undefined;
  const { value, phase, load, renew } = createLoaded(async () => {
    if (trouble) throw trouble;
    return "read";
  });
  trouble = new AlephError("cancelled", "There is no connection to the server");
  await load();
  expect([value.value, phase.value.kind]).toEqual([undefined, "failed"]);
  trouble = undefined;
  // Asked for, though never had.
  await renew();
  expect([value.value, phase.value.kind] as unknown).toEqual(["read", "ready"]);
  trouble = new AlephError("overloaded", "Too much");
  await load();
  expect([value.value, phase.value] as unknown).toEqual([
    "read",
    { kind: "failed", trouble: { reason: "overloaded", message: "Too much", hint: undefined } },
  ]);
});
