import { expect, test } from "bun:test";
import { Auth } from "../../src/auth/auth.ts";
import { followPassword, PasswordCheck } from "../../src/auth/password.ts";
import { removePassword, setPassword } from "../../src/config/password-file.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import { OWNER_GRANT } from "../../src/protocol/identity.ts";
import { openStore } from "../../src/store/store.ts";
import { testFolder } from "../support/folder.ts";
import { testLog } from "../support/log.ts";

const HOUR_MS = 3_600_000;
const RIGHT = "correct horse battery";
/** As weak as argon2id may be: what is looked at here is not its strength. */
const hashed = (password: string) => Bun.password.hash(password, { algorithm: "argon2id", memoryCost: 8, timeCost: 1 });

async function open() {
  const store = openStore(":memory:", { log: testLog().log });
  const world = { steady: 0, wall: 1_000_000, hash: (await hashed(RIGHT)) as string | undefined };
  const auth = new Auth({
    mode: () => "token",
    ownerToken: () => "owner-token",
    replaceOwnerToken: () => "owner-token",
    passwordHash: () => world.hash,
    store,
    bus: { publish: () => 0 },
    now: () => world.wall,
    monotonic: () => world.steady,
    onRevoked: () => {},
    onGuestGone: () => {},
  });
  const attempt = (secret: string, address: string) =>
    auth.authenticateLogin(secret, address).then(
      ({ grant }) => (grant === OWNER_GRANT ? "in" : "other"),
      (thrown: unknown) => {
        if (thrown instanceof AlephError) return thrown.reason;
        throw thrown;
      },
    );
  return { auth, world, attempt, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}

test("the password is the owner, beside the token, and ends what came from it when it is set anew", async () => {
  await using t = await open();
  expect([await t.attempt(RIGHT, "a"), await t.attempt("owner-token", "a")]).toEqual(["in", "in"]);
  const login = t.auth.issueSession("panel", await t.auth.authenticateLogin(RIGHT, "a"));
  const session = { session_token: login.token };
  expect(t.auth.authenticate(session, { address: "a", cookie: login.cookie }).grant).toEqual(OWNER_GRANT);
  t.world.hash = await hashed(RIGHT);
  expect(() => t.auth.authenticate(session, { address: "a", cookie: login.cookie })).toThrow("Session is not valid");
  t.world.hash = undefined;
  expect(await t.attempt(RIGHT, "a")).toBe("auth_failed");
});

test("a password is guessed at most 20 times an hour, wherever from, and the token still opens", async () => {
  await using t = await open();
  let guesses = 0;
  for (let i = 0; t.world.steady < HOUR_MS; i++) {
    const answer = await t.attempt(`guess ${i}`, `198.51.100.${i % 250}`);
    if (answer === "auth_failed") guesses++;
    else {
      expect(answer).toBe("rate_limited");
      t.world.steady += 1_000;
      // Whoever can set the clock of the machine gains nothing.
      t.world.wall += 86_400_000;
    }
  }
  expect(guesses).toBeGreaterThan(5);
  expect(guesses).toBeLessThanOrEqual(20);
  expect([await t.attempt(RIGHT, "203.0.113.1"), await t.attempt("owner-token", "203.0.113.2")]).toEqual([
    "rate_limited",
    "in",
  ]);
  t.world.steady += HOUR_MS;
  expect(await t.attempt(RIGHT, "203.0.113.3")).toBe("in");
});

test("guesses that come at the same moment get no further than guesses in a row", async () => {
  await using t = await open();
  const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => t.attempt(`guess ${i}`, `192.0.2.${i}`)));
  const count = (reason: string) => answers.filter((answer) => answer === reason).length;
  expect([count("auth_failed"), count("rate_limited"), count("overloaded")]).toEqual([5, 3, 32]);
});

test("PasswordCheck looks at no password that is longer than one can be", async () => {
  const check = new PasswordCheck(() => "not even a hash");
  let wrong = 0;
  const seen = await check.verify("x".repeat(1025), { before: () => {}, wrong: () => wrong++ });
  expect([seen, wrong]).toEqual([undefined, 1]);
});

test("followPassword tells what ends when the file changes", async () => {
  await using folder = await testFolder();
  const { log, entries } = testLog();
  const ended: string[] = [];
  const changes = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await setPassword(folder.path, RIGHT);
  using _ = followPassword(folder.path, {
    log,
    onEnded(credential) {
      changes[ended.length]!.resolve();
      ended.push(credential);
    },
  });
  await setPassword(folder.path, "another good one");
  await changes[0]!.promise;
  expect([removePassword(folder.path), removePassword(folder.path)]).toEqual([true, false]);
  await changes[1]!.promise;
  expect(ended.map((credential) => /^password-[0-9a-f]{32}$/.test(credential))).toEqual([true, true]);
  expect(ended[0]).not.toBe(ended[1]!);
  expect(JSON.stringify(entries)).not.toContain("argon2");
});
