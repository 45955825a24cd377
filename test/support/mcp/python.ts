/** A Python that has the package `mcp`, for servers that are written with the SDK of that language. */
import { test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Where `.ci/run` puts one. */
const OWN = join(import.meta.dir, "../../../.cache/python-mcp/bin/python");
/** An interpreter that starts on a busy machine takes its time. */
const LONG_MS = 120_000;

/** A test that needs it: skipped where there is none, failed where one is required. */
export function pythonTest(name: string, run: (python: string) => Promise<void>): void {
  const python = findPython();
  if (python) test(name, () => run(python), LONG_MS);
  else if (process.env.ALEPH_REQUIRE_PYTHON_MCP === "1") {
    test(name, () => {
      throw new Error(
        "No Python with the package mcp, and ALEPH_REQUIRE_PYTHON_MCP is 1: " +
          "python3 -m venv .cache/python-mcp && .cache/python-mcp/bin/pip install mcp",
      );
    });
  } else test.skip(name, () => undefined);
}

/** `ALEPH_MCP_PYTHON`, else the one of the checkout, else the system's, as far as it has the package. */
function findPython(): string | undefined {
  const named = process.env.ALEPH_MCP_PYTHON;
  const found = named === undefined ? [existsSync(OWN) ? OWN : undefined, Bun.which("python3")] : [named];
  return found.find((python): python is string => {
    if (!python) return false;
    return Bun.spawnSync([python, "-c", "import mcp.server"], { stdout: "ignore", stderr: "ignore" }).exitCode === 0;
  });
}
