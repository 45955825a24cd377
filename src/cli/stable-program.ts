/** The words that start this program, by names that stay when a newer version comes. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Homebrew keeps each version in a folder of its own, `opt` links to the newest. */
const CELLAR = /^(.+)\/Cellar\/([^/]+)\/[^/]+\/(.+)$/;

export function stableProgram(argv: readonly string[]): readonly string[] {
  const [file = "", ...rest] = argv;
  const [, prefix, name, below] = CELLAR.exec(file) ?? [];
  if (prefix === undefined || name === undefined || below === undefined) return argv;
  const link = join(prefix, "opt", name, below);
  return existsSync(link) ? [link, ...rest] : argv;
}
