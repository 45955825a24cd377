/** What a person is asked, and told, when a plugin is to be used. */
import type { Client } from "../../client/client.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import type { Invocation } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { confirm } from "../question.ts";
import { nextStep, type ShownPlugin, settingsHint } from "./view.ts";

/** What it asks for has been shown. */
export async function askAndApprove(client: Client, plugin: ShownPlugin, invocation: Invocation): Promise<number> {
  const { terminal, program } = invocation;
  const { id, source, sha256 } = plugin;
  if (!(await confirm(terminal, `Let ${id} do this?`, false))) {
    const away = source === "bundled" ? "disable" : "uninstall";
    terminal.err.write(`It stays off. Later: ${program} plugins approve ${id}, or ${program} plugins ${away} ${id}\n`);
    return EXIT.failure;
  }
  const approved = await client.call("plugins.approve", { id, sha256: sha256! });
  return said(terminal, approved, `Approved ${approved.id} ${approved.version}`, program);
}

/** What was done, what keeps the plugin from use all the same, and what it needs in the config. */
export function said({ err }: Invocation["terminal"], plugin: ShownPlugin, what: string, program: string): number {
  const step = isOpen(plugin) ? nextStep(plugin, program) : settingsHint(plugin);
  err.write(`${printableLine(what)}\n${step === undefined ? "" : `${printableLine(step)}\n`}`);
  return plugin.status === "error" ? EXIT.failure : EXIT.ok;
}

/** Something is to be done about it. */
export function isOpen({ status }: ShownPlugin): boolean {
  return status === "pending" || status === "error" || status === "stopped";
}
