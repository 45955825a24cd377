import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { allEntries } from "../../src/cli/all-entries.ts";
import { defineCommand, isGroup } from "../../src/cli/command.ts";
import { renderManual } from "../../src/cli/manual.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";

const DAY = new Date("2026-01-02T12:00:00Z");

async function spawn(command: readonly string[]) {
  const child = Bun.spawn([...command], { stdout: "pipe", stderr: "pipe", env: { ...process.env, MANWIDTH: "80" } });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, out, err };
}

test("renderManual lets nothing of a command's words become a request or an escape", () => {
  const odd = defineCommand({
    summary: ".SH dots and \\back",
    args: { "a-b": { type: "boolean", description: "'quoted" } },
    examples: [['aleph odd "x"', "…"]],
    run: async () => undefined,
  });
  const page = renderManual([["odd", odd]], DAY);
  expect(page).toStartWith(".TH ALEPH 1 2026-01-02 ");
  const lines = page.split("\n");
  expect(lines.slice(lines.indexOf('.SS "aleph odd [options]"'), lines.indexOf(".SH EXIT STATUS"))).toEqual([
    '.SS "aleph odd [options]"',
    "\\&.SH dots and \\eback.",
    ".TP",
    '.B "\\-\\-a\\-b"',
    "\\&'quoted",
    ".PP",
    "Examples:",
    ".TP",
    '.B "aleph odd \\(dqx\\(dq"',
    "\\[u2026]",
  ]);
});

test("every example is a line as it is typed", async () => {
  const commands = (await allEntries()).flatMap(([, entry]) =>
    isGroup(entry) ? Object.values(entry.commands) : [entry],
  );
  const examples = commands.flatMap(({ examples: own = [] }) => own.map(([line]) => line));
  expect(examples.length).toBeGreaterThan(50);
  expect(examples.filter((line) => !/\baleph(?:-server)? /.test(line))).toEqual([]);
});

test("help --man prints a page of all commands, which man and mandoc take without a complaint", async () => {
  await using folder = await testFolder();
  const { code, stdout, stderr } = await runCli(["help", "--man"], { home: folder.path });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const page = join(folder.path, "aleph.1");
  writeFileSync(page, stdout);
  if (Bun.which("mandoc")) expect(await spawn(["mandoc", "-Tlint", page])).toEqual({ code: 0, out: "", err: "" });
  if (Bun.which("man") === null) return;
  const { out, err } = await spawn(["man", "--warnings", "-l", page]);
  expect(err).toBe("");
  for (const heading of ["NAME", "OPTIONS", "COMMANDS", "EXIT STATUS", "ENVIRONMENT", "FILES"]) {
    expect(out).toContain(`\n${heading}\n`);
  }
  expect(out).toContain("aleph sessions show [options] KEY");
}, 60_000);
