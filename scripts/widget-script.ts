/**
 * Bundles the widget into one script: a macro, so it runs when Aleph is built, or when the widget is first asked for in a
 * checkout.
 */
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");
const WIDGET_ENTRY = "src/panel/widget/main.ts";

/** In a process of its own: the bundler that runs a macro waits for it. */
export function buildWidget(): string {
  const options = ["--target=browser", "--format=iife", "--minify"];
  const { success, stdout, stderr } = Bun.spawnSync([process.execPath, "build", WIDGET_ENTRY, ...options], {
    cwd: ROOT,
  });
  if (!success) throw new Error(`The widget cannot be bundled: ${stderr.toString()}`);
  return stdout.toString();
}
