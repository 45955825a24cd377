import { expect, test } from "bun:test";
import { homedir } from "node:os";
import { join } from "node:path";
import { defaultHomePath, readEnvironment } from "../../src/config/environment.ts";

test("readEnvironment: what Aleph uses by its own names, and everything for references", () => {
  const source = {
    ALEPH_HOME: "/h",
    ALEPH_LOG_LEVEL: "debug",
    ALEPH_TOKEN: "t",
    ALEPH_URL: "http://u",
    NO_COLOR: "1",
    ANTHROPIC_API_KEY: "a",
    OPENAI_API_KEY: "o",
    OPENAI_BASE_URL: "http://o",
    GEMINI_API_KEY: "g",
    GOOGLE_API_KEY: "gg",
    OLLAMA_HOST: "ol",
    HOME: "/home/p",
    SHELL: "/bin/sh",
    TERM: "xterm",
    TZ: "UTC",
    LANG: "C",
    OTHER: "x",
  };
  const env = readEnvironment(source);
  expect(env).toEqual({
    alephHome: "/h",
    logLevel: "debug",
    token: "t",
    url: "http://u",
    noColor: true,
    anthropicApiKey: "a",
    openaiApiKey: "o",
    openaiBaseUrl: "http://o",
    geminiApiKey: "g",
    googleApiKey: "gg",
    ollamaHost: "ol",
    userHome: "/home/p",
    shell: "/bin/sh",
    term: "xterm",
    timeZone: "UTC",
    lang: "C",
    all: source,
  });
  expect([Object.isFrozen(env), Object.isFrozen(env.all)]).toEqual([true, true]);
});

test("readEnvironment: an empty variable counts as absent, and a later change does not show", () => {
  const source: Record<string, string> = { OPENAI_API_KEY: "", NO_COLOR: "", HOME: "", USERPROFILE: "C:\\p" };
  const env = readEnvironment(source);
  source.OPENAI_API_KEY = "late";
  expect([env.openaiApiKey, env.noColor, env.userHome, env.all.OPENAI_API_KEY]).toEqual([
    undefined,
    false,
    "C:\\p",
    "",
  ]);
  expect(readEnvironment({}).userHome).toBe(homedir());
});

test("readEnvironment: reads the process's own when nothing is given", () => {
  expect(readEnvironment().all.PATH).toBe(process.env.PATH);
});

test("defaultHomePath: ALEPH_HOME as an absolute path, else .aleph in the person's folder", () => {
  expect(defaultHomePath(readEnvironment({ HOME: "/home/p" }))).toBe("/home/p/.aleph");
  expect(defaultHomePath(readEnvironment({ HOME: "/home/p", ALEPH_HOME: "/srv/aleph" }))).toBe("/srv/aleph");
  expect(defaultHomePath(readEnvironment({ ALEPH_HOME: "relative" }))).toBe(join(process.cwd(), "relative"));
});

test.if(process.getuid?.() === 0)(
  "readEnvironment: a user of whom the system knows the number alone is at home in /",
  () => {
    const script = "const { readEnvironment } = require(process.argv[1]); console.log(readEnvironment({}).userHome)";
    const file = join(import.meta.dir, "../../src/config/environment.ts");
    const { stdout } = Bun.spawnSync([process.execPath, "-e", script, file], { env: {}, uid: 1_999_999_999, cwd: "/" });
    expect(stdout.toString()).toBe("/\n");
  },
);
