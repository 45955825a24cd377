/** `aleph exec`: what the policy says of a command, without running it. */
import { exactLine, printableLine } from "../../lib/terminal-text.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { writePlan } from "../conversation/approval.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { writeJson } from "../output.ts";

const VERDICTS = { allow: "runs at once", ask: "asks you first", deny: "never runs" } as const;

const explain = defineCommand({
  summary: "Tell whether the agent may run a command, and why, without running it",
  args: {
    command: { type: "positional", required: true, description: "the command line, in quotes" },
    cwd: { type: "string", valueHint: "dir", description: "the folder in the workspace that it would run in" },
    agent: {
      type: "string",
      valueHint: "id",
      description: "the agent that would run it",
      default: "main",
      completion: "agents",
    },
    ...jsonFlag,
    ...serverFlags,
  },
  examples: [
    ["aleph exec explain 'ls -la | head'", "runs at once: it only looks"],
    ["aleph exec explain 'rm -rf /' --json", "never runs; the rule that says so has a name"],
  ],
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out } = invocation.terminal;
      const { command, cwd, agent } = args;
      const found = await client.call("exec.explain", { command, agent, ...(cwd === undefined ? {} : { cwd }) });
      if (args.json) return writeJson(out, found);
      const { bold, green, yellow, red } = out.style;
      const color = { allow: green, ask: yellow, deny: red }[found.tier];
      out.write(`${color(found.tier)}  ${bold(VERDICTS[found.tier])}  ${printableLine(found.reason)}\n`);
      writePlan(out, found.plan);
      if (found.pattern) writePlan(out, { always: found.pattern });
      if (found.can_be_lifted) {
        out.write(`  config.toml makes it ask: [exec] allow_denied = [${exactLine(JSON.stringify(found.rule))}]\n`);
      }
    }),
});

export const exec = defineGroup({
  summary: "See what the agent may run",
  commands: { explain },
});
