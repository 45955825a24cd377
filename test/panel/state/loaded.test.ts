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

test("createLoaded reads anew for who asks at whatever moment after it has read", async () => {
  for (let ticks = 0; ticks < 12; ticks++) {
    let asked = 0;
    const loaded = createLoaded(async () => ++asked);
    void loaded.load();
    for (let tick = 0; tick < ticks; tick++) await null;
    const before = asked;
    await loaded.load();
    expect([ticks, asked > before]).toEqual([ticks, true]);
  }
});

test("createLoaded can be asked again after a read that threw at once", async () => {
  let fails = true;
  const loaded = createLoaded(() => {
    if (fails) throw new AlephError("cancelled", "No line");
    return Promise.resolve(1);
  });
  await loaded.load();
  fails = false;
  await loaded.load();
  expect([loaded.value.value, loaded.phase.value.kind]).toEqual([1, "ready"]);
});
