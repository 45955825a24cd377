/** Shows an address in the person's browser without naming it on a command line, where everybody on the machine can read it. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Environment } from "../config/environment.ts";
import { ensureHome, type Home } from "../config/home.ts";
import { writeAtomic } from "../lib/atomic-write.ts";
import { startDetached } from "../sandbox/detached.ts";

export interface ShowPageOptions {
  readonly home: Home;
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
}

/** Whether a browser was started. */
export async function showPage(address: string, { home, env, platform }: ShowPageOptions): Promise<boolean> {
  const argv = browserOf(env, platform);
  if (!argv) return false;
  ensureHome(home);
  // The owner alone reads it; the browser goes on from there.
  const file = join(home.run, "open.html");
  writeAtomic(file, pageTo(address), 0o600);
  return startDetached([...argv, pathToFileURL(file).href], env.all);
}

/** The program that shows pages; nothing where there is no screen. */
export function browserOf({ all }: Pick<Environment, "all">, platform: NodeJS.Platform): readonly string[] | undefined {
  const [named = ""] = (all.BROWSER ?? "").split(":");
  if (named !== "" && !named.includes("%s")) return [named];
  if (platform === "darwin") return ["open"];
  if (platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"];
  return all.DISPLAY || all.WAYLAND_DISPLAY ? ["xdg-open"] : undefined;
}

function pageTo(address: string): string {
  const escaped = address.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Aleph</title><meta http-equiv="refresh" content="0;url=${escaped}"><p><a href="${escaped}">Aleph</a></p></html>\n`;
}
