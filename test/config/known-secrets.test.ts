import { expect, test } from "bun:test";
import { DEFAULTS } from "../../src/config/defaults.ts";
import { KnownSecrets } from "../../src/config/known-secrets.ts";
import type { Config } from "../../src/config/schema.ts";
import { testLog } from "../support/log.ts";

function setUp() {
  const state = {
    config: { ...DEFAULTS, providers: {}, agents: {} } as Config,
    token: "the-owners-token",
    asked: 0,
  };
  const secrets = new KnownSecrets({
    config: () => state.config,
    async resolveSecret(value) {
      state.asked++;
      if (value === "env:GONE") throw new Error("not set");
      return value.replace(/^env:/, "resolved-");
    },
    token: () => state.token,
    env: { MY_API_KEY: "from-the-environment", HOME: "/home/person", SHORT_TOKEN: "abc" },
    log: testLog().log,
  });
  const provide = (table: Record<string, unknown>) => {
    state.config = { ...state.config, providers: { p: table } } as Config;
  };
  return { secrets, state, provide };
}

test("KnownSecrets are the token, the keys of the config and of the environment, references resolved, short ones left out", async () => {
  const { secrets, provide } = setUp();
  provide({
    type: "openai",
    api_key: "env:THE_KEY",
    headers: { "x-team": "header-of-the-team" },
    base_url: "https://a",
  });
  expect([...(await secrets.all())].toSorted()).toEqual([
    "from-the-environment",
    "header-of-the-team",
    "resolved-THE_KEY",
    "the-owners-token",
  ]);
});

test("KnownSecrets are read again when the config or the token is another, and only then", async () => {
  const { secrets, provide, state } = setUp();
  provide({ api_key: "env:ONE" });
  await secrets.all();
  await secrets.all();
  expect(state.asked).toBe(1);
  provide({ api_key: "env:OTHER" });
  expect(await secrets.all()).toContain("resolved-OTHER");
  state.token = "another-token";
  expect(await secrets.all()).toContain("another-token");
});

test("KnownSecrets mask what is known and what looks like a secret, and live with one that cannot be read", async () => {
  const { secrets, provide } = setUp();
  provide({ api_key: ["env:GONE", "env:FIRST_ONE"] });
  await secrets.all();
  expect(secrets.mask("resolved-FIRST_ONE, the-owners-token, sk-abcdefghijklmnopqrstu and words")).toBe(
    "[masked], [masked], [masked] and words",
  );
});
