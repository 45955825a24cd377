import { expect, test } from "bun:test";
import type { Call } from "../../../src/panel/state/connection.ts";
import { createProviders } from "../../../src/panel/state/providers.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import type { EventFrame } from "../../../src/protocol/events.ts";
import { until } from "../../support/until.ts";

const TRIAL = { ok: true, latency_ms: 5, provider: "mine", model: "m" };
const REFUSED = {
  ok: false,
  latency_ms: 5,
  provider: "mine",
  model: null,
  error: { reason: "provider_error", message: "No" },
};

function server() {
  const asked: unknown[] = [];
  const world: { saved: object; trouble?: AlephError } = { saved: { saved: true, trial: TRIAL, default: null } };
  const call = (async (method: string, params: object) => {
    asked.push([method, params]);
    if (world.trouble) throw world.trouble;
    const answers: Record<string, unknown> = {
      "models.config": { default: null, aliases: {}, fallbacks: [], types: [], providers: [{ id: "mine" }] },
      "models.list": { models: [], errors: [] },
      "models.test": TRIAL,
      "models.try": TRIAL,
      "models.save": world.saved,
      "models.remove": { id: "mine", changed: [] },
      "config.patch": { changed: [] },
    };
    return answers[method];
  }) as unknown as Call;
  return { providers: createProviders({ call, now: () => 7 }), world, takeAsked: () => asked.splice(0) };
}

const CONFIG = ["models.config", {}];
const event = (topic: string, data: object) => ({ topic, seq: 1, ts: 1, data }) as unknown as EventFrame;

test("createProviders remembers what a test gave and when, and reads how the providers are", async () => {
  const { providers, takeAsked } = server();
  await providers.test("mine");
  expect(takeAsked()).toEqual([["models.test", { target: "mine" }], CONFIG]);
  expect(providers.trials.value).toEqual({ mine: { trial: TRIAL, at: 7 } });
  expect([providers.config.value?.providers, providers.takenAt.value]).toEqual([[{ id: "mine" }] as never, 7]);
});

test("createProviders keeps what did not answer out of the list", async () => {
  const { providers, world, takeAsked } = server();
  world.saved = { saved: false, trial: REFUSED, default: null };
  const wanted = { id: "mine", type: "openai", api_key: "k" };
  expect((await providers.save(wanted)).trial).toEqual(REFUSED);
  expect(takeAsked()).toEqual([["models.save", wanted]]);
  expect(providers.trials.value).toEqual({});
});

test("createProviders reads all anew after one was saved, removed, or another model was chosen", async () => {
  const { providers, takeAsked } = server();
  await providers.save({ id: "mine", type: "openai" });
  expect(takeAsked().slice(1)).toEqual([CONFIG]);
  await providers.remove("mine");
  await providers.setDefault(null);
  await providers.setFallbacks(["a/b"]);
  expect(takeAsked()).toEqual([
    ["models.remove", { id: "mine" }],
    CONFIG,
    ["config.patch", { patch: { models: { default: null } } }],
    CONFIG,
    ["config.patch", { patch: { models: { fallbacks: ["a/b"] } } }],
    CONFIG,
  ]);
});

test("createProviders follows what the server tells of providers, once somebody has looked", async () => {
  const { providers, takeAsked } = server();
  providers.handle?.(event("provider.failed", { provider: "mine" }));
  expect(takeAsked()).toEqual([]);
  await providers.load();
  takeAsked();
  providers.handle?.(event("config.changed", { sections: ["log"] }));
  expect(takeAsked()).toEqual([]);
  providers.handle?.(event("config.changed", { sections: ["providers"] }));
  await until(() => takeAsked().length === 1);
  providers.handle?.(event("provider.recovered", { provider: "mine" }));
  await until(() => takeAsked().length === 1);
});

test("createProviders hands on why something was refused", async () => {
  const { providers, world } = server();
  world.trouble = new AlephError("forbidden", "Not yours");
  await expect(providers.remove("mine")).rejects.toMatchObject({ reason: "forbidden" });
  await providers.load();
  expect(providers.phase.value).toMatchObject({ kind: "failed", trouble: { reason: "forbidden" } });
});
