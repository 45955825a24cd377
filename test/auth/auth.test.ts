import { describe, expect, test } from "bun:test";
import { Auth } from "../../src/auth/auth.ts";
import { ownerCredential } from "../../src/auth/credentials.ts";
import { OWNER_GRANT } from "../../src/protocol/identity.ts";
import { openStore } from "../../src/store/store.ts";
import { refusal } from "../support/config.ts";
import { testLog } from "../support/log.ts";

const HERE = { address: "192.0.2.1", cookie: undefined };

function open() {
  const { log } = testLog();
  const store = openStore(":memory:", { log });
  const world = {
    mode: "token" as "token" | "none",
    token: "first-token",
    now: 1_000_000,
    password: undefined as string | undefined,
  };
  const revoked: string[] = [];
  const gone: string[] = [];
  const auth = new Auth({
    mode: () => world.mode,
    ownerToken: () => world.token,
    replaceOwnerToken: () => {
      world.token = `${world.token}-next`;
      return world.token;
    },
    passwordHash: () => world.password,
    store,
    bus: { publish: () => 0 },
    now: () => world.now,
    monotonic: () => world.now,
    onRevoked: (credential) => revoked.push(credential),
    onGuestGone: (sessionKey) => gone.push(sessionKey),
  });
  return { auth, world, revoked, gone, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}

describe("Auth", () => {
  test("the owner's token is the owner, and names itself without telling itself", async () => {
    await using opened = open();
    const rights = opened.auth.authenticate({ token: "first-token" }, HERE);
    expect(rights).toEqual({ grant: OWNER_GRANT, credentials: [ownerCredential("first-token")] });
    expect(rights.credentials[0]).not.toContain("first-token");
  });

  test("a session is the owner for as long as it lasts, and names both what it is and what it came from", async () => {
    await using opened = open();
    const { auth, world } = opened;
    const rights = auth.authenticate({ token: "first-token" }, HERE);
    const { token, cookie, expiresAt } = auth.issueSession("connect", rights);
    expect([cookie, expiresAt - world.now]).toEqual([undefined, 86_400_000]);
    expect(auth.authenticate({ session_token: token }, HERE)).toEqual({
      grant: OWNER_GRANT,
      credentials: [ownerCredential("first-token"), expect.stringMatching(/^login-[0-9a-f]{32}$/)],
      expiresAt,
    });
    world.now = expiresAt - 1;
    auth.authenticate({ session_token: token }, HERE);
    world.now = expiresAt;
    expect(await refusal(() => auth.authenticate({ session_token: token }, HERE))).toEqual({
      reason: "auth_failed",
      message: "Session is not valid or has expired",
      data: { hint: "Log in again" },
    });
  });

  test("a new token counts from the next request on, and what came from the old one is worth nothing", async () => {
    await using opened = open();
    const { auth, world } = opened;
    const { token } = auth.issueSession("connect", auth.authenticate({ token: "first-token" }, HERE));
    const panel = auth.issueSession("panel", auth.authenticate({ token: "first-token" }, HERE));
    world.token = "second-token";
    const reasons = [
      await refusal(() => auth.authenticate({ token: "first-token" }, HERE)),
      await refusal(() => auth.authenticate({ session_token: token }, HERE)),
      await refusal(() => auth.authenticate({ session_token: panel.token }, { ...HERE, cookie: panel.cookie })),
    ].map(({ reason }) => reason);
    expect(reasons).toEqual(["auth_failed", "auth_failed", "auth_failed"]);
    expect(auth.authenticate({ token: "second-token" }, HERE).grant).toEqual(OWNER_GRANT);
  });

  test("logging out revokes the login by its name, once", async () => {
    await using opened = open();
    const { auth, revoked } = opened;
    const panel = auth.issueSession("panel", auth.authenticate({ token: "first-token" }, HERE));
    const [, login] = auth.authenticate({ session_token: panel.token }, { ...HERE, cookie: panel.cookie }).credentials;
    await auth.logOut("wrong");
    expect(revoked).toEqual([]);
    await auth.logOut(panel.cookie!);
    await auth.logOut(panel.cookie!);
    expect(revoked).toEqual([login!]);
    expect(
      (await refusal(() => auth.authenticate({ session_token: panel.token }, { ...HERE, cookie: panel.cookie })))
        .reason,
    ).toBe("auth_failed");
  });

  test("failures are counted over tokens, sessions and headers alike", async () => {
    await using opened = open();
    const { auth, world } = opened;
    const tries = [
      () => auth.authenticate({ token: "wrong" }, HERE),
      () => auth.authenticate({ session_token: "wrong" }, HERE),
      () => auth.authenticateHeader("Bearer wrong", HERE),
    ];
    for (let index = 0; index < 5; index++) expect((await refusal(tries[index % 3]!)).reason).toBe("auth_failed");
    for (const attempt of [...tries, () => auth.authenticate({ token: "first-token" }, HERE)]) {
      expect(await refusal(attempt)).toEqual({
        reason: "rate_limited",
        message: "Too many failed attempts",
        data: {
          retry_after_ms: 1000,
          hint: "Wait, then try again with the token from ALEPH_HOME/credentials/token",
        },
      });
    }
    // Asking without credentials is no guess.
    expect((await refusal(() => auth.authenticateHeader(null, HERE))).reason).toBe("unauthenticated");
    world.now += 1000;
    expect(auth.authenticate({ token: "first-token" }, HERE).grant).toEqual(OWNER_GRANT);
    // One success forgives nothing.
    await refusal(tries[0]!);
    expect(await refusal(tries[0]!)).toMatchObject({ reason: "rate_limited", data: { retry_after_ms: 2000 } });
  });

  test("the address behind a right header is asked for once somebody has guessed", async () => {
    await using opened = open();
    const { auth, world } = opened;
    let asked = 0;
    const from = {
      get address() {
        asked++;
        return HERE.address;
      },
    };
    expect([auth.authenticateHeader("Bearer first-token", from).grant, asked]).toEqual([OWNER_GRANT, 0]);
    await refusal(() => auth.authenticateHeader("Bearer wrong", from));
    expect(asked).toBe(1);
    expect([auth.authenticateHeader("Bearer first-token", from).grant, asked]).toEqual([OWNER_GRANT, 2]);
    for (let index = 0; index < 4; index++) await refusal(() => auth.authenticateHeader("Bearer wrong", from));
    expect((await refusal(() => auth.authenticateHeader("Bearer first-token", from))).reason).toBe("rate_limited");
    world.now += 1000;
    expect(auth.authenticateHeader("Bearer first-token", from).grant).toEqual(OWNER_GRANT);
  });

  test("with mode none a header is not looked at", async () => {
    await using opened = open();
    const { auth, world } = opened;
    expect(auth.open).toBeUndefined();
    world.mode = "none";
    expect(auth.open).toEqual({ grant: OWNER_GRANT, credentials: ["none"] });
    expect(auth.authenticateHeader("Bearer wrong", HERE)).toEqual(auth.open!);
  });
});
