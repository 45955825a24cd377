/** `aleph completions`: what makes the Tab key work in a shell. */
import type { Client } from "../../client/client.ts";
import { defineCommand } from "../command.ts";
import { withClient } from "../connection.ts";
import { usageError } from "../failure.ts";
import { homeOf, serverFlags } from "../flags.ts";

const KINDS = ["sessions", "models", "methods", "approvals", "grants", "providers", "plugins"] as const;
/** Known without a server. */
const OWN_KINDS = ["remotes"] as const;

export const completions = defineCommand({
  summary: "Print the completion script for a shell",
  args: {
    shell: { type: "positional", required: false, description: "bash, zsh or fish" },
    values: {
      type: "enum",
      options: [...KINDS, ...OWN_KINDS],
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
      const kind = KINDS.find((known) => known === args.values);
      if (kind === undefined) {
        const { LOCAL, readRemotes } = await import("../remotes.ts");
        const names = [...Object.keys(readRemotes(homeOf(args, invocation.env)).remotes), LOCAL];
        out.write(names.map((name) => `${name}\n`).join(""));
        return;
      }
      // A key press is no reason to start anything: without a server there is nothing to offer.
      const only = { serverOnly: true, mayWait: false };
      const values = await withClient(args, invocation, ({ client }) => list(client, kind), only);
      out.write(values.map((value) => `${value}\n`).join(""));
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

async function list(client: Client, kind: (typeof KINDS)[number]): Promise<readonly string[]> {
  switch (kind) {
    case "sessions":
      return (await client.call("session.list", {})).sessions.map(({ session_key }) => session_key);
    case "models":
      return (await client.call("models.list", {})).models.map(({ ref }) => ref);
    case "methods":
      return client.hello.features.methods;
    case "approvals":
      return (await client.call("approvals.list", { status: "pending" })).approvals.map(
        ({ approval_id }) => approval_id,
      );
    case "grants":
      return (await client.call("approvals.grants", {})).grants.map(({ approval_id }) => approval_id);
    case "providers":
      return (await client.call("models.config", {})).providers.map(({ id }) => id);
    case "plugins":
      return (await client.call("plugins.list", {})).plugins.map(({ id }) => id);
  }
}
