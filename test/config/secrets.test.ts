import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readEnvironment } from "../../src/config/environment.ts";
import { homeAt } from "../../src/config/home.ts";
import { isReference, resolveSecret, type SecretSources } from "../../src/config/secrets.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";

async function sources(variables: Record<string, string> = {}) {
  const folder = await testFolder();
  const own: SecretSources = {
    home: homeAt(folder.path),
    env: readEnvironment({ HOME: folder.path, ...variables }),
    readKeychain: async (name) => ({ bot: "from the keychain", empty: "" })[name] ?? null,
  };
  const file = (name: string, text: string, mode = 0o600) => {
    writeFileSync(join(folder.path, name), text);
    chmodSync(join(folder.path, name), mode);
  };
  return { ...own, file, path: folder.path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

const issue = (message: string, hint: string) => ({
  reason: "config_invalid",
  message,
  data: { issues: [{ path: "", message }], hint },
});

describe("resolveSecret", () => {
  test("a plain string passes, also one with a colon", async () => {
    await using own = await sources();
    for (const text of ["", "sk-1", "https://a.example", "123:abc", "Env:X", " env:X"]) {
      expect(await resolveSecret(text, own)).toBe(text);
    }
  });

  test("env:NAME is the variable", async () => {
    await using own = await sources({ KEY: "value:with:colons", EMPTY: "" });
    expect(await resolveSecret("env:KEY", own)).toBe("value:with:colons");
    for (const name of ["MISSING", "EMPTY", "constructor"]) {
      expect(await refusal(() => resolveSecret(`env:${name}`, own))).toEqual(
        issue(
          `Secret reference "env:${name}" is not set`,
          `Set the environment variable ${name} and start Aleph again`,
        ),
      );
    }
    expect(await refusal(() => resolveSecret("env:MY KEY", own))).toEqual(
      issue(
        'Secret reference "env:MY KEY" does not name an environment variable',
        "Write it as env:NAME, for example env:OPENAI_API_KEY",
      ),
    );
  });

  test("file:PATH is the file's text without the last line end, from the home, from ~ or absolute", async () => {
    await using own = await sources();
    own.file("key", " secret \n");
    own.file("crlf", "secret\r\n\r\n");
    expect(await resolveSecret("file:key", own)).toBe(" secret ");
    expect(await resolveSecret("file:~/key", own)).toBe(" secret ");
    expect(await resolveSecret(`file:${own.path}/crlf`, own)).toBe("secret\r\n");
  });

  test("a file that others may read is refused", async () => {
    await using own = await sources();
    for (const mode of [0o604, 0o644, 0o602]) {
      own.file("key", "canary", mode);
      expect(await refusal(() => resolveSecret("file:key", own))).toEqual(
        issue(
          'Secret reference "file:key" can be read by every user of this machine',
          "Close it with chmod 600 and reload the config",
        ),
      );
    }
    own.file("key", "canary", 0o640);
    expect(await resolveSecret("file:key", own)).toBe("canary");
  });

  test("a file that is absent, empty, too large or none at all is refused", async () => {
    await using own = await sources();
    own.file("empty", "\n");
    own.file("large", "x".repeat(64 * 1024 + 1));
    mkdirSync(join(own.path, "folder"));
    const messages = await Promise.all(
      ["file:none", "file:empty", "file:large", "file:folder", "file:", "file:empty/below"].map(
        async (reference) => (await refusal(() => resolveSecret(reference, own))).message,
      ),
    );
    expect(messages).toEqual([
      'Secret reference "file:none" does not exist',
      'Secret reference "file:empty" is empty',
      'Secret reference "file:large" is too large for a secret',
      'Secret reference "file:folder" is not a file',
      'Secret reference "file:" is not a file',
      'Secret reference "file:empty/below" cannot be read',
    ]);
  });

  test("keychain:NAME is the system's entry", async () => {
    await using own = await sources();
    expect(await resolveSecret("keychain:bot", own)).toBe("from the keychain");
    for (const name of ["none", "empty"]) {
      expect(await refusal(() => resolveSecret(`keychain:${name}`, own))).toEqual(
        issue(
          `Secret reference "keychain:${name}" is not in the keychain`,
          `Store it in the keychain under service "aleph" and name "${name}"`,
        ),
      );
    }
    expect((await refusal(() => resolveSecret("keychain:", own))).message).toBe(
      'Secret reference "keychain:" does not name an entry',
    );
    const locked = { ...own, readKeychain: () => Promise.reject(new Error("locked")) };
    expect(await refusal(() => resolveSecret("keychain:bot", locked))).toEqual(
      issue(
        'Secret reference "keychain:bot" cannot be read',
        "Unlock the keychain of this machine, or use file:PATH or env:NAME where there is none",
      ),
    );
  });

  test("the system's own keychain answers or is refused, and never hangs", async () => {
    await using own = await sources();
    const { home, env } = own;
    expect((await refusal(() => resolveSecret("keychain:aleph-test-no-such-entry", { home, env }))).reason).toBe(
      "config_invalid",
    );
  });
});

test("isReference: env:, file: and keychain: and nothing else", () => {
  expect(["env:A", "file:a b", "keychain:x", "env:"].map(isReference)).toEqual([true, true, true, true]);
  expect(["", "env", "https://x", "ENV:A", " env:A", 5, null, ["env:A"]].map(isReference)).toEqual(
    Array(8).fill(false),
  );
});
