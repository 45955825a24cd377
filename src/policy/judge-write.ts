/** In which tier a call is that writes files of the workspace: most are harmless, some make other programs run commands. */
import { isProtected } from "../sandbox/protected-paths.ts";
import type { Prepared } from "../sdk/tool.ts";
import { notesAmong } from "./notes-files.ts";

/** `reason` is for what is allowed. Names are relative to the workspace, links followed. */
export function judgeWrite(names: readonly string[], reason: string): Pick<Prepared, "tier" | "reason" | "outward"> {
  // What no command may change must not be had by another door either: whoever works in that folder is not confined.
  const found = names.find(isProtected);
  if (found === undefined) return { tier: "allow", reason, ...notesAmong(names) };
  return { tier: "ask", reason: `"${found}" decides what other programs run: Git, shells, Aleph itself` };
}
