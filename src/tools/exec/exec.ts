/** Runs a command, as the policy judges it. */
import * as z from "zod";
import { canonicalJson } from "../../lib/canonical-json.ts";
import type { Verdict } from "../../policy/command.ts";
import type { CommandPolicy } from "../../policy/command-policy.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Files } from "../../sandbox/files.ts";
import type { Launcher } from "../../sandbox/launcher.ts";
import type { SpawnResult } from "../../sandbox/spawn.ts";
import { defineTool, type ToolResult } from "../../sdk/tool.ts";
import description from "./exec.md" with { type: "text" };

interface Needs {
  readonly files: Pick<Files, "locate">;
  readonly commands: CommandPolicy;
  readonly launcher: Launcher;
}

const MAX_TIMEOUT_MS = 3_600_000;

export const exec = defineTool({
  name: "exec",
  description,
  params: z.strictObject({
    command: z.string().min(1).describe("the command line"),
    cwd: z.string().min(1).optional().describe("the folder to run in, relative to the workspace"),
    timeout_ms: z.int().min(1).max(MAX_TIMEOUT_MS).optional().describe("milliseconds after which it is killed"),
  }),
  parallel: false,
  async prepare({ files, commands, launcher }: Needs, { command, cwd = ".", timeout_ms }, context) {
    const judge = async () => {
      const [workspace, folder] = await Promise.all([
        files.locate(context.workspace, "."),
        files.locate(context.workspace, cwd),
      ]);
      if (!folder.stats?.isDirectory()) throw new AlephError("not_found", `"${cwd}" is not a folder in the workspace`);
      return {
        workspace: workspace.path,
        verdict: await commands.classify(command, { cwd: folder.path, workspace: workspace.path }),
      };
    };
    const { verdict } = await judge();
    const { tier, reason, plan, rule, pattern } = verdict;
    return {
      tier,
      reason,
      ...(rule === undefined ? {} : { rule }),
      ...(pattern === undefined ? {} : { pattern }),
      plan: { ...plan, ...(timeout_ms === undefined ? {} : { timeout_ms }) },
      async run() {
        // Files may have changed since it was judged, and a person may have taken a while.
        const again = await judge();
        assertSame(verdict, again.verdict);
        const result = await launcher.run(plan, {
          cwd: plan.cwd,
          workspace: again.workspace,
          signal: context.signal,
          ...(timeout_ms === undefined ? {} : { timeoutMs: timeout_ms }),
          onOutput: (text) => context.progress(text),
        });
        return describe(result);
      },
    };
  },
});

/** What was judged or approved must be what would run now: its programs, files and folder too. */
function assertSame(before: Verdict, now: Verdict): void {
  if (canonicalJson(before) !== canonicalJson(now)) {
    throw new AlephError("forbidden", "What the command would touch has changed since it was judged", {
      data: { hint: "Call it again" },
    });
  }
}

function describe({ exitCode, signal, output, timedOut }: SpawnResult): ToolResult {
  const text = output.trimEnd();
  const end = timedOut ? "stopped: it took too long" : signal === null ? `exit code ${exitCode}` : `ended by ${signal}`;
  const ok = exitCode === 0 && !timedOut;
  if (ok) return { ok, text: text === "" ? "[no output]" : text };
  return { ok, text: text === "" ? `[${end}]` : `${text}\n[${end}]` };
}
