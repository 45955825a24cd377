import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { checked } from "../../support/method.ts";

test("config.get shows the config in force with its secrets masked", async () => {
  await using app = await testApp({
    toml: '[providers.mine]\ntype = "openai"\napi_key = "sk-0123456789abcdefghij"\n[log]\nlevel = "warn"\n',
  });
  const { path, config, file, pinned, by_hand } = await checked(app.client)("config.get", {});
  expect(path).toBe(app.home.config);
  expect(config).toMatchObject({ log: { level: "warn" }, providers: { mine: { type: "openai" } } });
  expect(JSON.stringify([config, file])).not.toContain("0123456789");
  expect(file).toEqual({ providers: { mine: { type: "openai", api_key: "[masked]" } }, log: { level: "warn" } });
  expect(by_hand).toContainValues(["exec.sandbox.enabled", "a2a.agents.*.ask"]);
  expect(pinned).toEqual({ gateway: { port: 0 } });
});
