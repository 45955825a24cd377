import { expect, test } from "bun:test";
import { join } from "node:path";
import { canBe, runAs } from "../sandbox/confinement/run-driver.ts";
import type { LeftoversReport } from "./leftovers.ts";

test.skipIf(!canBe("an ordinary user"))("removeLeftovers opens what a browser has closed to everybody", async () => {
  const report = await runAs<LeftoversReport>("an ordinary user", join(import.meta.dir, "leftovers.ts"), {});
  expect(report).toEqual({ failed: null, left: [] });
});
