/** What is allowed is read as bash and dash read it: the same words, and the same steps with the same conditions. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import type { Step } from "../../src/sandbox/spawn.ts";
import { commandSite, type TestSite } from "../support/command-site.ts";

let site: TestSite;

beforeAll(async () => {
  site = await commandSite();
});

afterAll(() => site[Symbol.asyncDispose]());

/** Pieces of lines: what has a meaning to a shell is more frequent than in real ones. */
const PIECE = fc.oneof(
  fc.constantFrom(..."abz09_-./:,=@%+'\"\\$`!*?[]{}()<>|&;#~^ \t".split("")),
  fc.constantFrom("''", '""', "'a b'", '"c d"', '"e\'f"', "'g\"h'", "--", " -n ", "\n", "é", " ", "  ", "a", "b", "c"),
  fc.constantFrom(" | ", " && ", " || ", " ; ", "|", ";", "&&", "||", "echo", " echo ", "true", "false", "printf"),
);
/** Lines that have a chance: words and quotes, joined in the ways that are allowed. */
const WORD = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[A-Za-z0-9_@%+=:,./][A-Za-z0-9_@%+=:,./-]{0,6}$/) },
  { weight: 2, arbitrary: fc.stringMatching(/^'[ -&(-~]{0,8}'$/) },
  { weight: 2, arbitrary: fc.stringMatching(/^"[ #%-[\]-_a-~]{0,8}"$/) },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-c'" $*~#!\\-]{1,4}$/) },
);
const WORDS = fc.array(WORD, { maxLength: 5 }).map((words) => words.join(" "));
const JOIN = fc.constantFrom(" | ", "|", " && ", "&&", " || ", "||", " ; ", ";", "; ");
const SIMPLE = fc.oneof(
  { weight: 6, arbitrary: WORDS.map((words) => `echo ${words}`) },
  fc.constant("true"),
  fc.constant("false"),
);
const CHAIN = fc
  .tuple(SIMPLE, fc.array(fc.tuple(JOIN, SIMPLE), { maxLength: 6 }))
  .map(([first, rest]) => first + rest.map(([join, next]) => join + next).join(""));
const LINE = fc.oneof(
  { weight: 1, arbitrary: fc.array(PIECE, { minLength: 1, maxLength: 14 }).map((pieces) => `echo ${pieces.join("")}`) },
  { weight: 2, arbitrary: CHAIN },
);

const FUZZ_RUNS = 20_000;

/**
 * The same line in a shell whose programs tell what they were called with: each word ends in NUL, each call in SOH and NUL.
 * In one write, because the programs of a pipeline run beside each other.
 */
const TELLERS = `
END=$(command printf '\\1')
echo() { command printf '%s\\0' echo "$@" "$END" >&3; }
true() { command printf '%s\\0' true "$END" >&3; }
false() { command printf '%s\\0' false "$END" >&3; return 1; }
printf() { command printf '%s\\0' printf "$@" "$END" >&3; }
`;

/** What our steps call, in the order in which they are called; a pipeline's calls have no order among themselves. */
function calls(steps: readonly Step[]): string[] {
  const told: string[] = [];
  let ok = true;
  for (const { when, pipeline } of steps) {
    if (when !== "always" && (when === "success") !== ok) continue;
    const named = pipeline.map(([program = "", ...args]) => [program.slice(program.lastIndexOf("/") + 1), ...args]);
    told.push(...named.map((words) => words.join("\0")));
    ok = named.at(-1)![0] !== "false";
  }
  return told.sort();
}

test("classifyCommand reads what it allows as bash and dash do", async () => {
  const lines = fc.sample(LINE, { numRuns: FUZZ_RUNS, seed: 20261121 });
  const allowed: { readonly line: string; readonly calls: string[] }[] = [];
  for (const line of new Set(lines)) {
    const { tier, plan } = await site.classify(line);
    if (tier !== "allow") continue;
    if (plan.mode !== "argv") throw new Error("What is allowed runs without a shell");
    allowed.push({ line, calls: calls(plan.steps) });
  }
  expect(allowed.length).toBeGreaterThan(4000);
  for (const shell of ["bash", "dash"]) {
    const path = Bun.which(shell);
    if (!path) throw new Error(`This test needs ${shell}`);
    // Each line ends with a mark of its own, so that a difference is found where it is.
    const script = [TELLERS, ...allowed.flatMap(({ line }) => [line, "command printf '\\2' >&3"])].join("\n");
    const file = await site.write("lines.sh", script);
    const child = Bun.spawnSync([path, "-c", `. '${file}' 3>&1 >/dev/null 2>&1`], { cwd: "/", env: {} });
    const told = child.stdout
      .toString()
      .split("\x02")
      .slice(0, -1)
      .map((text) =>
        text
          .split("\x01\0")
          .slice(0, -1)
          .map((call) => call.slice(0, -1))
          .sort(),
      );
    const different = allowed.filter(({ calls }, at) => !Bun.deepEquals(calls, told[at]));
    expect({ shell, lines: told.length, different }).toEqual({ shell, lines: allowed.length, different: [] });
  }
}, 60_000);
