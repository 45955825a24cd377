/** Real attacks, from source; test/e2e/sandbox.test.ts runs the same with the executable. */
import { expect, test } from "bun:test";
import { ownProgram } from "../../src/sandbox/own-program.ts";
import type { DriverReport } from "./confinement/driver.ts";
import { hasBubblewrap, hasLandlock } from "./confinement/possible.ts";
import { canBe, runDriver, type Who } from "./confinement/run-driver.ts";

const program = ownProgram();
const linux = process.platform === "linux";
const verdict = ({ level, worked, refused, exit, stderr }: DriverReport) => ({ level, worked, refused, exit, stderr });
const harmless = { worked: [], refused: {}, exit: { exitCode: 0, signal: null }, stderr: "" };

for (const who of ["root", "root without capabilities", "an ordinary user"] satisfies Who[]) {
  test.skipIf(!hasLandlock || !canBe(who))(`createSandbox withstands all attacks on a server of ${who}`, async () => {
    expect(verdict(await runDriver({ program, level: "kernel" }, who))).toEqual({ level: "kernel", ...harmless });
  });

  test.skipIf(!hasLandlock || !canBe(who))(
    `createSandbox withstands all attacks where there are no namespaces, on a server of ${who}`,
    async () => {
      const report = await runDriver({ program, level: "kernel", withoutNamespaces: true }, who);
      expect(verdict(report)).toEqual({ level: "kernel", ...harmless });
    },
  );

  // Root without capabilities may not make namespaces.
  test.skipIf(!hasBubblewrap || !canBe(who) || who === "root without capabilities")(
    `createSandbox withstands all attacks in bubblewrap, on a server of ${who}`,
    async () => {
      const report = await runDriver({ program, level: "namespace" }, who);
      expect(verdict(report)).toEqual({ level: "namespace", ...harmless });
    },
  );
}

// Or the tests above would prove nothing.
test.skipIf(!linux || !canBe("root"))("createSandbox lets every attack through where it confines nothing", async () => {
  const { level, prevented } = await runDriver({ program, level: "none" }, "root");
  // The environment is never more than what was given.
  expect({ level, prevented: Object.keys(prevented) }).toEqual({
    level: "none",
    prevented: ["see variables of the server"],
  });
});

test.skipIf(!linux || !canBe("an ordinary user"))(
  "createSandbox lets an ordinary user's attacks through where it confines nothing",
  async () => {
    const { level, worked } = await runDriver({ program, level: "none" }, "an ordinary user");
    expect({ level, most: worked.length > 70 }).toEqual({ level: "none", most: true });
  },
);
