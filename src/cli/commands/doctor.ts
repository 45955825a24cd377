/** `aleph doctor`: looks at everything that has to be right, and says what to do where it is not. */
import { existsSync } from "node:fs";
import { printableLine } from "../../lib/terminal-text.ts";
import type { Finding } from "../../protocol/finding.ts";
import { defineCommand } from "../command.ts";
import type { Repair } from "../doctor/repairs.ts";
import { EXIT } from "../exit-codes.ts";
import { homeFlags, homeOf, jsonFlag } from "../flags.ts";
import { writeJson } from "../output.ts";
import { withProgress } from "../progress.ts";
import type { Output } from "../terminal.ts";

export const doctor = defineCommand({
  summary: "Check the home, the config, the database, the sandbox, the server and the providers",
  details:
    "Exit code 1 when something fails; warnings alone are 0. With --fix it mends what it can: at once where nothing can be lost by it, and else when you agree.",
  args: {
    fix: { type: "boolean", description: "mend what can be mended, and say what was done" },
    "dry-run": { type: "boolean", description: "with --fix: only say what it would do" },
    yes: { type: "boolean", alias: "y", description: "with --fix: agree to what it would ask" },
    ...jsonFlag,
    ...homeFlags,
  },
  examples: [["aleph doctor --fix --dry-run", "what it would mend"]],
  async run(args, invocation): Promise<number> {
    const { env, terminal } = invocation;
    const home = homeOf(args, env);
    const { examineMachine, isUsable } = await import("../../doctor/machine.ts");
    const found: Finding[] = [];
    const repairs: Repair[] = [];
    const take = (findings: readonly Finding[]) => {
      found.push(...findings);
      if (!args.json) for (const finding of findings) writeFinding(terminal.out, finding);
    };
    const takeOwn = (own: { readonly found: readonly Finding[]; readonly repairs: readonly Repair[] }) => {
      take(own.found);
      repairs.push(...own.repairs);
    };
    const homeExists = existsSync(home.path);
    for await (const findings of examineMachine({ home, env, now: Date.now() })) take(findings);
    const { checkCompletions } = await import("../doctor/completions.ts");
    takeOwn(await checkCompletions(env.userHome));
    // These read the config and write into the home.
    if (isUsable(found)) {
      const { checkClearSecrets } = await import("../doctor/clear-secrets.ts");
      takeOwn(await checkClearSecrets(home, invocation));
      const services = await import("../doctor/services.ts");
      take(await services.checkServer(home, invocation));
      const asked = () => services.checkProviders({ ...args, home: home.path }, { env, terminal, homeExists });
      take(await withProgress(terminal, "Asking the providers", asked));
    }
    const { repair, repairsOf } = await import("../doctor/repairs.ts");
    const all = [...repairsOf(home, found), ...repairs];
    if (!args.json) terminal.out.write("\n");
    const options = { dryRun: args["dry-run"] === true, yes: args.yes === true, quiet: args.json === true };
    const repaired = args.fix ? await repair(all, terminal, options) : [];
    const mended = new Set(all.flatMap(({ mends }, at) => (repaired[at]?.status === "done" ? mends : [])));
    const left = found.filter((finding) => !mended.has(finding));
    const failed = left.filter(({ status }) => status === "fail").length;
    const warned = left.filter(({ status }) => status === "warn").length;
    if (args.json) {
      writeJson(terminal.out, { ok: failed === 0, checks: found, ...(args.fix ? { repairs: repaired } : {}) });
      return failed > 0 ? EXIT.failure : EXIT.ok;
    }
    terminal.out.write(`${failed === 0 && warned === 0 ? "All is well" : `${failed} failed, ${warned} to look at`}\n`);
    if (all.length > 0 && !args.fix) {
      terminal.err.write(`${terminal.err.style.dim(`${invocation.program} doctor --fix mends ${all.length} of it`)}\n`);
    }
    return failed > 0 ? EXIT.failure : EXIT.ok;
  },
});

function writeFinding(out: Output, { check, status, message, hint }: Finding): void {
  const { green, yellow, red, dim } = out.style;
  const mark = { ok: green("ok  "), warn: yellow("warn"), fail: red("FAIL") }[status];
  out.write(`${mark}  ${check.padEnd(11)}  ${printableLine(message)}\n`);
  if (hint !== undefined) out.write(`${" ".repeat(19)}${dim(printableLine(hint))}\n`);
}
