/** `exec` on a node: the same judgement and the same confinement as on the center. */
import * as z from "zod";
import type { Prepared } from "../../sdk/tool.ts";
import { exec } from "../../tools/exec/exec.ts";
import { type NodeCommand, toolCommand } from "../node-command.ts";

/** Without what belongs to a session that lasts: terminals and jobs in the background. */
const params = exec.params.omit({ pty: true, background: true });

export function execCommand(needs: Parameters<typeof exec.prepare>[0]): NodeCommand {
  const schema = z.strictObject(params.shape);
  const looks = ({ tier }: Prepared) => tier === "allow";
  return { ...toolCommand({ name: "exec", tool: exec, params: schema, needs, looks }), judgesAgain: true };
}
