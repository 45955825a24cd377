/** A Python that has some package, for the other side of a protocol as the SDK of that language has it. */
import { test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

export interface PythonNeeds {
  /** As pip calls it, and what is imported of it. */
  readonly package: string;
  readonly module: string;
  /** Below .cache, where `.ci/run` puts one. */
  readonly folder: string;
  /** The environment variable that names another one. */
  readonly named: string;
  /** The environment variable that is 1 where there must be one. */
  readonly required: string;
}

const CACHE = join(import.meta.dir, "../../.cache");
/** An interpreter that starts on a busy machine takes its time. */
const LONG_MS = 120_000;

/** Makes tests that need it: skipped where there is none, failed where one is required. */
export function pythonTests(needs: PythonNeeds) {
  return (name: string, run: (python: string) => Promise<void>): void => {
    const python = findPython(needs);
    if (python) test(name, () => run(python), LONG_MS);
    else if (process.env[needs.required] === "1") {
      test(name, () => {
        const venv = `.cache/${needs.folder}`;
        throw new Error(
          `No Python with the package ${needs.package}, and ${needs.required} is 1: ` +
            `python3 -m venv ${venv} && ${venv}/bin/pip install ${needs.package}`,
        );
      });
    } else test.skip(name, () => undefined);
  };
}

/** The one that is named, else that of the checkout, else the system's, as far as it has the package. */
function findPython({ named, folder, module }: PythonNeeds): string | undefined {
  const wanted = process.env[named];
  const own = join(CACHE, folder, "bin/python");
  const found = wanted === undefined ? [existsSync(own) ? own : undefined, Bun.which("python3")] : [wanted];
  return found.find((python): python is string => {
    if (!python) return false;
    return Bun.spawnSync([python, "-c", `import ${module}`], { stdout: "ignore", stderr: "ignore" }).exitCode === 0;
  });
}
