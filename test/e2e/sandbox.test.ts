/** The attacks of test/sandbox, with the executable: it confines itself, and as a plain Bun it is the attacker. */
import { expect } from "bun:test";
import { hasLandlock } from "../sandbox/confinement/possible.ts";
import { canBe, runDriver, type Who } from "../sandbox/confinement/run-driver.ts";
import { executablePath, runExecutable, testExecutableIf } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";

const ownProgram = () => ({ argv: [executablePath()], bun: executablePath(), sources: [] });

for (const who of ["root", "root without capabilities", "an ordinary user"] satisfies Who[]) {
  for (const withoutNamespaces of [false, true]) {
    const where = withoutNamespaces ? " where there are no namespaces" : "";
    testExecutableIf(hasLandlock && canBe(who))(
      `the executable withstands all attacks${where}, on a server of ${who}`,
      async () => {
        const options = { program: ownProgram(), level: "kernel", withoutNamespaces } as const;
        const { level, worked, refused, exit, stderr } = await runDriver(options, who);
        expect({ level, worked, refused, exit, stderr }).toEqual({
          level: "kernel",
          worked: [],
          refused: {},
          exit: { exitCode: 0, signal: null },
          stderr: "",
        });
      },
    );
  }
}

testExecutableIf(hasLandlock)("doctor of the executable has tried its sandbox out", async () => {
  await using home = await testFolder();
  const { stdout } = await runExecutable({ home: home.path, args: ["doctor", "--json"] });
  const { checks } = JSON.parse(stdout) as { checks: readonly { check: string; status: string; message: string }[] };
  expect(
    checks
      .filter(({ check }) => check === "sandbox")
      .map((found) => ({ ...found, message: found.message.replace(/\d+/, "N") })),
  ).toEqual([{ check: "sandbox", status: "ok", message: "kernel: Landlock and seccomp (ABI N), tried out" }]);
});

testExecutableIf(process.platform === "linux")("the executable starts nothing without the server's order", async () => {
  await using home = await testFolder();
  const { code, stdout, stderr } = await runExecutable({ home: home.path, args: ["__sandbox-exec", "/bin/echo", "x"] });
  expect({ code, stdout, stderr: stderr.replace(/: .*/, "") }).toEqual({
    code: 126,
    stdout: "",
    stderr: "Only the server starts this, with an order\n",
  });
});
