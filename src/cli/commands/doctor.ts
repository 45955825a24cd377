/** `aleph doctor`: looks at everything that has to be right, and says what to do where it is not. */
import { existsSync } from "node:fs";
import { printableLine } from "../../lib/terminal-text.ts";
import type { Finding } from "../../protocol/finding.ts";
import { defineCommand } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { homeFlags, homeOf, jsonFlag } from "../flags.ts";
import { writeJson } from "../output.ts";
import type { Output } from "../terminal.ts";

export const doctor = defineCommand({
  summary: "Check the home, the config, the database, the sandbox, the server and the providers",
  details: "Exit code 1 when something fails; warnings alone are 0. It mends nothing by itself.",
  args: { ...jsonFlag, ...homeFlags },
  async run(args, invocation): Promise<number> {
    const { env, terminal } = invocation;
    const home = homeOf(args, env);
    const { examineMachine, isUsable } = await import("../../doctor/machine.ts");
    const found: Finding[] = [];
    const take = (findings: readonly Finding[]) => {
      found.push(...findings);
      if (!args.json) for (const finding of findings) writeFinding(terminal.out, finding);
    };
    const homeExists = existsSync(home.path);
    for await (const findings of examineMachine({ home, env, now: Date.now() })) take(findings);
    // Both read the config and write into the home.
    if (isUsable(found)) {
      const services = await import("../doctor/services.ts");
      take(await services.checkServer(home, invocation));
      take(await services.checkProviders({ ...args, home: home.path }, { env, terminal, homeExists }));
    }
    const failed = found.filter(({ status }) => status === "fail").length;
    const warned = found.filter(({ status }) => status === "warn").length;
    if (args.json) writeJson(terminal.out, { ok: failed === 0, checks: found });
    else
      terminal.out.write(
        `\n${failed === 0 && warned === 0 ? "All is well" : `${failed} failed, ${warned} to look at`}\n`,
      );
    return failed > 0 ? EXIT.failure : EXIT.ok;
  },
});

function writeFinding(out: Output, { check, status, message, hint }: Finding): void {
  const { green, yellow, red, dim } = out.style;
  const mark = { ok: green("ok  "), warn: yellow("warn"), fail: red("FAIL") }[status];
  out.write(`${mark}  ${check.padEnd(11)}  ${printableLine(message)}\n`);
  if (hint !== undefined) out.write(`${" ".repeat(19)}${dim(printableLine(hint))}\n`);
}
