/** The check of how far this machine can confine the code of plugins. */
import type { Finding } from "../protocol/finding.ts";
import { createSandbox } from "../sandbox/sandbox.ts";
import { findings } from "./findings.ts";

export async function checkSandbox(): Promise<readonly Finding[]> {
  const { ok, warn } = findings("sandbox");
  const { level, reason } = await createSandbox().report();
  if (level !== "none") return [ok(`${level}: ${reason}`)];
  return [
    warn(
      `none: ${reason}`,
      'Plugins with code do not start, unless config.toml names them: [extensions] allow_unsandboxed = ["id"]',
    ),
  ];
}
