/** Commands as the executable confines them: the attacks of test/sandbox, and a server that is asked, killed and stopped. */
import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandsOptions, CommandsReport } from "../sandbox/commands/driver.ts";
import { hasBubblewrap, hasLandlock } from "../sandbox/confinement/possible.ts";
import { canBe, runAs, type Who } from "../sandbox/confinement/run-driver.ts";
import { executablePath, type Server, startServer, testExecutableIf } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { openRawSocket } from "../support/raw-socket.ts";
import { until } from "../support/until.ts";

const driver = join(import.meta.dir, "../sandbox/commands/driver.ts");

for (const who of ["root", "an ordinary user"] satisfies Who[]) {
  for (const withoutNamespaces of [false, true]) {
    const where = withoutNamespaces ? "without namespaces" : "in namespaces";
    testExecutableIf(hasLandlock && canBe(who) && (withoutNamespaces || hasBubblewrap))(
      `commands of the executable stay in their sandbox and can work there, ${where}, on a server of ${who}`,
      async () => {
        const program = { argv: [executablePath()], bun: executablePath(), sources: [] };
        expect(
          await runAs<CommandsReport>(who, driver, { program, withoutNamespaces } satisfies CommandsOptions),
        ).toEqual({ level: "kernel", enclosed: !withoutNamespaces, worked: [], changed: [], failed: {} });
      },
      120_000,
    );
  }
}

/** A client that says yes to whatever is asked. */
async function openClient(server: Server) {
  const socket = await openRawSocket(server.url, server.token);
  socket.onEvent = ({ topic, data }) => {
    if (topic !== "approval.requested") return;
    void socket.call("approvals.resolve", { approval_id: data.approval_id as string, decision: "once" });
  };
  await socket.call("events.subscribe", { pattern: "approval.*" });
  const call = (tool: string, args: object, session_key = "agent:main:main") =>
    socket.call<{ ok: boolean; result: string }>("tool.call", { tool, args, session_key });
  return { socket, call, [Symbol.dispose]: () => socket[Symbol.dispose]() };
}

const newMark = () => `5${Math.floor(Math.random() * 1e8)}.5`;

function processesWith(mark: string): number {
  const lines = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const commandLine = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1");
    } catch {
      // Ended in between.
      return "";
    }
  };
  return lines.filter((pid) => commandLine(pid).includes(mark)).length;
}

testExecutableIf(hasLandlock)(
  "exec of the executable shows its sandbox, sees no secret and does not reach its own server",
  async () => {
    await using home = await testFolder();
    await using server = await startServer({ home: home.path });
    using client = await openClient(server);
    const { plan } = await client.socket.call<{ plan: { sandbox: object } }>("exec.explain", { command: "touch x" });
    expect(plan.sandbox).toMatchObject({ level: "kernel", network: [] });
    const { port } = new URL(server.url);
    const script = [
      `cat ${home.path}/credentials/token`,
      `cat ${home.path}/aleph.db`,
      `cat /proc/${server.pid}/environ`,
      `kill -9 ${server.pid}`,
      `(exec 3<>/dev/tcp/127.0.0.1/${port}) && echo REACHED`,
      "echo bad > .bashrc",
      "echo good > good.txt",
      "echo END",
    ].join("\n");
    const workspace = join(home.path, "workspaces/main");
    // The judge of commands sees the name of a script, and the sandbox what is in it.
    writeFileSync(join(workspace, "attack.sh"), script);
    const { result } = await client.call("exec", { command: "bash attack.sh" });
    expect(result).not.toContain(server.token);
    expect(result).not.toContain("REACHED");
    expect(result).toContain("END");
    expect([existsSync(join(workspace, "good.txt")), existsSync(join(workspace, ".bashrc"))]).toEqual([true, false]);
    expect((await client.call("exec", { command: "cat good.txt" })).result).toBe("good");
    expect((await client.call("exec", { command: "cat", stdin: "input" })).result).toBe("input");
    expect((await client.call("exec", { command: "stty size", pty: true })).result).toContain("30 100");
  },
  60_000,
);

testExecutableIf(hasLandlock)(
  "jobs of the executable run on beside it, and end with their session",
  async () => {
    await using home = await testFolder();
    await using server = await startServer({ home: home.path });
    using client = await openClient(server);
    const mark = newMark();
    const session_key = "agent:main:chat:jobs";
    await client.socket.call("session.create", { session_key });
    const { result } = await client.call(
      "exec",
      { command: `sleep ${mark} & read x; echo got $x; sleep ${mark}`, background: true },
      session_key,
    );
    const job_id = /job_\w+/.exec(result)![0];
    await client.call("process", { action: "write", job_id, text: "hello\n" }, session_key);
    await until(async () =>
      (await client.call("process", { action: "read", job_id }, session_key)).result.startsWith("got hello\n"),
    );
    expect(processesWith(mark)).toBeGreaterThan(1);
    await client.socket.call("session.delete", { session_key });
    await until(() => processesWith(mark) === 0);
  },
  60_000,
);

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  testExecutableIf(hasLandlock)(
    `jobs of the executable end with it, after ${signal} too`,
    async () => {
      await using home = await testFolder();
      await using server = await startServer({ home: home.path });
      using client = await openClient(server);
      const mark = newMark();
      await client.call("exec", {
        command: `(trap '' TERM HUP; sleep ${mark}) & sleep ${mark}; true`,
        background: true,
      });
      await until(() => processesWith(mark) > 1);
      server.kill(signal);
      await server.finished;
      await until(() => processesWith(mark) === 0);
    },
    60_000,
  );
}
