/** `aleph completions`: what makes the Tab key work in a shell. */
import { printableLine } from "../../lib/terminal-text.ts";
import { defineCommand } from "../command.ts";
import { VALUE_KINDS, valuesOf } from "../completion/values.ts";
import { usageError } from "../failure.ts";
import { serverFlags } from "../flags.ts";

export const completions = defineCommand({
  summary: "Print the completion script for a shell",
  args: {
    shell: { type: "positional", required: false, description: "bash, zsh or fish" },
    values: {
      type: "enum",
      options: [...VALUE_KINDS],
      description: "print what there is now, one a line; the scripts use it",
    },
    ...serverFlags,
  },
  examples: [
    [
      "aleph completions bash > ~/.local/share/bash-completion/completions/aleph",
      "for bash, with the bash-completion package",
    ],
    ["echo 'source <(aleph completions bash)' >> ~/.bashrc", "for bash, without it"],
    ["aleph completions zsh > ~/.zfunc/_aleph", "for zsh, with ~/.zfunc in $fpath"],
    ["aleph completions fish > ~/.config/fish/completions/aleph.fish", "for fish"],
  ],
  async run(args, invocation) {
    const { out } = invocation.terminal;
    if (args.values !== undefined) {
      const kind = VALUE_KINDS.find((known) => known === args.values)!;
      const values = await valuesOf(kind, args, invocation);
      out.write(values.map((value) => `${printableLine(value)}\n`).join(""));
      return;
    }
    const shell = args.shell ?? "";
    const { completionScript } = await import("../completion/script.ts");
    const script = await completionScript(shell);
    if (script === undefined) {
      throw usageError(
        shell === "" ? "Which shell?" : `There is no script for ${JSON.stringify(shell)}`,
        "Use bash, zsh or fish",
      );
    }
    out.write(script);
  },
});
