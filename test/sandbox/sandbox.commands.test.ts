/** Commands that try to leave their sandbox, and those that people need; test/e2e/commands.test.ts runs the same with the executable. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { ownProgram } from "../../src/sandbox/own-program.ts";
import type { CommandsOptions, CommandsReport } from "./commands/driver.ts";
import { hasBubblewrap, hasLandlock } from "./confinement/possible.ts";
import { canBe, runAs, type Who } from "./confinement/run-driver.ts";

const driver = join(import.meta.dir, "commands/driver.ts");
const run = (options: Omit<CommandsOptions, "program">, who: Who) =>
  runAs<CommandsReport>(who, driver, { program: ownProgram(), ...options });

for (const who of ["root", "an ordinary user"] satisfies Who[]) {
  for (const withoutNamespaces of [false, true]) {
    const possible = hasLandlock && canBe(who) && (withoutNamespaces || hasBubblewrap);
    const where = withoutNamespaces ? "without namespaces" : "in namespaces";
    test.skipIf(!possible)(
      `commands stay in their sandbox and can work there, ${where}, on a server of ${who}`,
      async () => {
        expect(await run({ withoutNamespaces }, who)).toEqual({
          level: "kernel",
          enclosed: !withoutNamespaces,
          worked: [],
          changed: [],
          failed: {},
        });
      },
      60_000,
    );
  }
}

// Or the tests above would prove nothing.
test.skipIf(process.platform !== "linux" || !canBe("root"))(
  "commands get out where nothing confines them",
  async () => {
    const { worked, changed } = await run({ withoutNamespaces: false, level: "none" }, "root");
    expect({ most: worked.length > 30, changed: changed.length > 3 }).toEqual({ most: true, changed: true });
  },
  60_000,
);
