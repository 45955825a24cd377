/** The process that confines itself, as it waits for its order. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { LAUNCH_ENV, LAUNCH_WORD, ORDER_FD } from "../../../src/sandbox/linux/order.ts";
import { ownProgram } from "../../../src/sandbox/own-program.ts";
import { until } from "../../support/until.ts";
import { hasLandlock } from "../confinement/possible.ts";

const MEGABYTE = 1024 * 1024;

test.skipIf(!hasLandlock)("launch has reserved less memory than the least that is given by default", async () => {
  await using child = Bun.spawn([...ownProgram().argv, LAUNCH_WORD], {
    env: LAUNCH_ENV,
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const read = (file: string) => readFileSync(`/proc/${child.pid}/${file}`, "latin1");
  // Number, first argument: it reads from there.
  await until(() => new RegExp(`^\\d+ 0x${ORDER_FD} `).test(read("syscall")));
  const [, data] = /^VmData:\s+(\d+) kB/m.exec(read("status"))!;
  // That is what the kernel compares with RLIMIT_DATA.
  expect(Number(data) * 1024).toBeLessThan(256 * MEGABYTE);
});
