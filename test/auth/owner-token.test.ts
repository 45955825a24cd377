import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureOwnerToken, followOwnerToken, readOwnerToken } from "../../src/auth/owner-token.ts";
import { testApp } from "../support/app.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";
import { type Frame, openFrames, request } from "../support/frames.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

const OTHER = `aleph_own_${"o".repeat(43)}`;

describe("ensureOwnerToken", () => {
  test("makes a token of 256 bits at the first start, for its owner's eyes only, and finds it later", async () => {
    await using folder = await testFolder();
    const made = ensureOwnerToken(folder.path);
    expect(made).toEqual({
      token: expect.stringMatching(/^aleph_own_[\w-]{43}$/),
      path: join(folder.path, "token"),
      created: true,
    });
    expect(statSync(made.path).mode & 0o777).toBe(0o600);
    expect(readFileSync(made.path, "utf8")).toBe(`${made.token}\n`);
    expect(ensureOwnerToken(folder.path)).toEqual({ ...made, created: false });
    await using other = await testFolder();
    expect(ensureOwnerToken(other.path).token).not.toBe(made.token);
  });

  test("takes a token that a person put there, if it is long enough", async () => {
    await using folder = await testFolder();
    writeFileSync(join(folder.path, "token"), `  ${OTHER}\r\n`);
    expect(ensureOwnerToken(folder.path)).toMatchObject({ token: OTHER, created: false });
    for (const short of ["", "\n", "x".repeat(31)]) {
      writeFileSync(join(folder.path, "token"), short);
      expect(await refusal(() => ensureOwnerToken(folder.path))).toEqual({
        reason: "config_invalid",
        message: "The owner's token is shorter than 32 characters",
        data: {
          issues: [{ path: "credentials/token", message: "must have at least 32 characters" }],
          hint: "Remove the file: the next start makes a new one",
        },
      });
    }
  });

  test.skipIf(process.platform === "win32")("leaves no half of a token when it ends while it is written", async () => {
    await using folder = await testFolder();
    const source = new URL("../../src/auth/owner-token.ts", import.meta.url).pathname;
    const script = `(await import(${JSON.stringify(source)})).ensureOwnerToken(${JSON.stringify(folder.path)})`;
    // No file may have a byte: the system ends whoever writes one.
    const ended = await Bun.$`sh -c 'ulimit -f 0; exec "$0" -e "$1"' ${process.execPath} ${script}`.nothrow().quiet();
    expect(ended.exitCode).not.toBe(0);
    expect(readOwnerToken(folder.path)).toBeUndefined();
    expect(ensureOwnerToken(folder.path).created).toBe(true);
  });

  test("readOwnerToken finds none where there is none, and says so when it may not look", async () => {
    await using folder = await testFolder();
    expect(readOwnerToken(folder.path)).toBeUndefined();
    mkdirSync(join(folder.path, "token"));
    expect(() => readOwnerToken(folder.path)).toThrow();
  });
});

describe("followOwnerToken", () => {
  test("tells of another token however it came, and of nothing else", async () => {
    await using folder = await testFolder();
    const { token, path } = ensureOwnerToken(folder.path);
    const { log, entries } = testLog();
    const seen: unknown[] = [];
    using _follower = followOwnerToken(folder.path, token, {
      log,
      onReplaced: (next, previous) => seen.push([next, previous]),
    });
    const replace = (text: string) => {
      writeFileSync(`${path}.new`, text, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    };
    replace(`${OTHER}\n`);
    await until(() => seen.length === 1);
    // Cut off in the middle of writing: the old one stays until it is whole.
    writeFileSync(path, "short");
    await until(() => entries.some(({ level }) => level === "error"));
    rmSync(path);
    await until(() => entries.some(({ level }) => level === "warn"));
    replace(`${token}\n`);
    await until(() => seen.length === 2);
    chmodSync(path, 0o600);
    expect(seen).toEqual([
      [OTHER, token],
      [token, OTHER],
    ]);
    expect(entries.map(({ message }) => message)).toEqual([
      "the owner's token was replaced",
      "the owner's token cannot be read, the old one stays",
      "the file with the owner's token is gone; the token counts until the server stops",
      "the owner's token was replaced",
    ]);
    expect(JSON.stringify(entries)).not.toContain("oooo");
  });

  test("a token that is replaced while the server runs closes what came from it", async () => {
    await using app = await testApp();
    using direct = await openFrames(app.url, { token: app.token });
    using session = await openFrames(app.url);
    const hello = (await direct.ask(request("connect", { auth: { token: app.token } }, 1))) as {
      result: { session_token: string };
    };
    await session.ask(request("connect", { auth: { session_token: hello.result.session_token } }, 2));
    writeFileSync(join(app.home.credentials, "token"), `${OTHER}\n`, { mode: 0o600 });
    expect([await direct.closed, await session.closed]).toEqual([
      { code: 4401, reason: "credential revoked" },
      { code: 4401, reason: "credential revoked" },
    ]);
    using old = await openFrames(app.url);
    const refused = (await old.ask(
      request("connect", { auth: { session_token: hello.result.session_token } }, 1),
    )) as Frame;
    expect(refused.error!.data.reason).toBe("auth_failed");
    using fresh = await openFrames(app.url, { token: OTHER });
    expect(await fresh.ask(request("rpc.ping", {}, 1))).toMatchObject({ result: { pong: true } });
  });

  test("a token that was replaced while the server was down leaves nothing of the old one", async () => {
    await using first = await testApp();
    const { session_token } = first.client.hello;
    first.client[Symbol.dispose]();
    await first.app[Symbol.asyncDispose]();
    writeFileSync(join(first.home.credentials, "token"), `${OTHER}\n`, { mode: 0o600 });
    await using second = await testApp({ home: first.home.path });
    using socket = await openFrames(second.url);
    const answer = (await socket.ask(request("connect", { auth: { session_token } }, 1))) as Frame;
    expect(answer.error!.data.reason).toBe("auth_failed");
  });
});
