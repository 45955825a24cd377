import { expect, test } from "bun:test";
import { createSerial } from "../../src/lib/serial.ts";

test("serial: one after the other in order; each has its own result; a failure does not stop the next", async () => {
  const serial = createSerial();
  const steps: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = serial(async () => {
    steps.push("first begins");
    await gate.promise;
    steps.push("first ends");
    return 1;
  });
  const second = serial(async () => {
    steps.push("second");
    throw new Error("second fails");
  });
  const third = serial(async () => {
    steps.push("third");
    return 3;
  });
  await Promise.resolve();
  expect(steps).toEqual(["first begins"]);
  gate.resolve();
  expect(await Promise.allSettled([first, second, third])).toMatchObject([
    { status: "fulfilled", value: 1 },
    { status: "rejected", reason: { message: "second fails" } },
    { status: "fulfilled", value: 3 },
  ]);
  expect(steps).toEqual(["first begins", "first ends", "second", "third"]);
});
