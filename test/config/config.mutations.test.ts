/** 200 broken and odd files: none may crash the server, change its config by half, or stall it. */
import { expect, test } from "bun:test";
import { AlephError } from "../../src/protocol/errors.ts";
import { configHome } from "../support/config.ts";
import { EXAMPLE } from "./example.ts";

/** A small generator (mulberry32), so that a file that fails can be made again. */
function createRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * limit);
  };
}

type Mutation = (random: (limit: number) => number) => string | Uint8Array;

const ODD = [
  "\0",
  "\ufeff",
  "\u202e",
  "💥",
  "\ud800",
  "ﬀ",
  "\u0085",
  "\x7f",
  "'",
  '"',
  '"""',
  "[",
  "]]",
  "{",
  "=",
  "#",
  "\r",
  ".",
];

const mutations: Record<string, Mutation> = {
  truncate: (random) => EXAMPLE.slice(0, random(EXAMPLE.length)),
  "truncate bytes": (random) => new TextEncoder().encode(`# 💥💥💥\n${EXAMPLE}`).slice(0, random(16)),
  "swap lines": (random) => {
    const lines = EXAMPLE.split("\n");
    const [a, b] = [random(lines.length), random(lines.length)];
    [lines[a], lines[b]] = [lines[b]!, lines[a]!];
    return lines.join("\n");
  },
  "swap characters": (random) => {
    const text = [...EXAMPLE];
    for (let i = 0; i < 3; i++) {
      const at = random(text.length - 1);
      [text[at], text[at + 1]] = [text[at + 1]!, text[at]!];
    }
    return text.join("");
  },
  "double a line": (random) => {
    const lines = EXAMPLE.split("\n");
    const at = random(lines.length);
    return lines.toSpliced(at, 0, lines[random(lines.length)]!).join("\n");
  },
  "odd characters": (random) => {
    const at = random(EXAMPLE.length);
    return EXAMPLE.slice(0, at) + ODD[random(ODD.length)] + EXAMPLE.slice(at);
  },
  "flip bytes": (random) => {
    const bytes = new TextEncoder().encode(EXAMPLE);
    for (let i = 0; i < 4; i++) bytes[random(bytes.length)] = random(256);
    return bytes;
  },
  noise: (random) => Uint8Array.from({ length: random(4000) }, () => random(256)),
  "wrong values": (random) => {
    const values = [
      "-1",
      "nan",
      "1e999",
      "9223372036854775808",
      "1979-05-27",
      "{}",
      "[[]]",
      '"\\u0000"',
      "true",
      "[1,'a']",
    ];
    const keys = [...EXAMPLE.matchAll(/^\w+ = .*$/gm)];
    const key = keys[random(keys.length)]!;
    return EXAMPLE.replace(key[0], key[0].replace(/= .*/, `= ${values[random(values.length)]}`));
  },
  deep: (random) => {
    const depth = 33 + random(20_000);
    const forms = [
      `a = ${"[".repeat(depth)}`,
      `a = ${"[".repeat(depth)}${"]".repeat(depth)}`,
      `a = ${"{a=".repeat(depth)}1${"}".repeat(depth)}`,
      `${"a.".repeat(depth)}a = 1`,
      `[${"a.".repeat(depth)}a]`,
      `[[${"a.".repeat(depth)}a]]`,
      `[providers.x]\no = ${"{a=".repeat(31)}1${"}".repeat(31)}`,
    ];
    return forms[random(forms.length)]!;
  },
  "a megabyte": (random) => {
    const size = 1024 * 1024 - 100;
    const forms = [
      `${EXAMPLE}# ${"x".repeat(size - EXAMPLE.length)}`,
      `[gateway]\n${"a".repeat(size)} = 1`,
      `[gateway]\nhost = "${"a".repeat(size)}"`,
      Array.from({ length: 60_000 }, (_, index) => `k${index} = 1`).join("\n"),
      Array.from({ length: 60_000 }, (_, index) => `[s${index}]`).join("\n"),
      `[gateway]\nallowed_hosts = [${"1,".repeat(500_000)}]`,
      `[gateway]\nallowed_hosts = [${"'',".repeat(300_000)}]`,
      "[[gateway]]\n".repeat(80_000),
      `a = '${"x".repeat(size)}`,
      `${"#\n".repeat(size / 2)}`,
      "x".repeat(1024 * 1024 + 1),
    ];
    return forms[random(forms.length)]!;
  },
};

test("config: 200 mutated files crash nothing; what is refused leaves the old config, what is taken is whole", async () => {
  await using own = await configHome(EXAMPLE);
  const store = await own.open();
  const names = Object.keys(mutations);
  const outcome = { taken: 0, refused: 0 };
  for (let index = 0; index < 200; index++) {
    const kind = names[index % names.length]!;
    const content = mutations[kind]!(createRandom(index + 1));
    await Bun.write(own.home.config, content);
    const before = store.current;
    try {
      await store.reload();
      outcome.taken++;
      // The same as a start would make of it, defaults included.
      const fresh = await own.open();
      expect(store.current).toEqual(fresh.current);
      expect(Object.keys(store.current).toSorted()).toEqual(Object.keys(before).toSorted());
    } catch (thrown) {
      if (!(thrown instanceof AlephError) || thrown.reason !== "config_invalid") {
        throw new Error(`mutation ${index} (${kind}) threw something else`, { cause: thrown });
      }
      outcome.refused++;
      expect(store.current).toBe(before);
      const { issues } = thrown.data as { issues: { path: string; message: string }[] };
      expect(issues.length).toBeGreaterThan(0);
      expect(issues.length).toBeLessThanOrEqual(50);
      expect(JSON.stringify(issues).length).toBeLessThan(40_000);
      expect(`${thrown.message}${JSON.stringify(issues)}`).not.toMatch(/canary|hunter2/);
    }
  }
  expect(outcome.taken + outcome.refused).toBe(200);
  expect(outcome.refused).toBeGreaterThan(100);
  expect(outcome.taken).toBeGreaterThan(20);
  own.write(EXAMPLE);
  await store.reload();
  expect(store.current.gateway.port).toBe(18791);
}, 60_000);
