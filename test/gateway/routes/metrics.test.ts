import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";

interface Family {
  help: string;
  type: string;
  samples: Map<string, number>;
}

/** The Prometheus text format 0.0.4, strictly: https://prometheus.io/docs/instrumenting/exposition_formats */
function parseMetrics(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  expect(text.endsWith("\n")).toBe(true);
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment) {
      const [, kind, name, rest] = comment as unknown as [string, string, string, string];
      const family = families.get(name) ?? { help: "", type: "", samples: new Map() };
      if (kind === "HELP") family.help = rest;
      else family.type = rest;
      families.set(name, family);
      continue;
    }
    const sample =
      /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/.exec(line);
    if (!sample) throw new Error(`Not a line of the format: ${line}`);
    const [, name, labels = "", value] = sample as unknown as [string, string, string | undefined, string];
    const family = families.get(name);
    if (!family || family.samples.has(labels)) throw new Error(`Without a type, or twice: ${line}`);
    expect(Number.isFinite(Number(value))).toBe(true);
    family.samples.set(labels, Number(value));
  }
  return families;
}

test("GET /metrics tells of requests and of the server's state, in the format that is promised", async () => {
  await using app = await testApp();
  for (let index = 0; index < 3; index++) await app.client.call("rpc.ping", {});
  await app.client.call("session.get", { session_key: "agent:main:none" }).catch(() => "not found");
  const answer = await fetch(`${app.url}/metrics`);
  expect([answer.status, answer.headers.get("content-type"), answer.headers.get("cache-control")]).toEqual([
    200,
    "text/plain; version=0.0.4; charset=utf-8",
    "no-store",
  ]);
  const families = parseMetrics(await answer.text());
  expect([...families].map(([name, { type, help }]) => [name, type, help !== ""])).toEqual([
    ["aleph_rpc_requests_total", "counter", true],
    ["aleph_rpc_seconds_total", "counter", true],
    ["aleph_provider_requests_total", "counter", true],
    ["aleph_provider_seconds_total", "counter", true],
    ["aleph_uptime_seconds", "gauge", true],
    ["aleph_connections", "gauge", true],
    ["aleph_runs_active", "gauge", true],
    ["aleph_runs_queued", "gauge", true],
    ["aleph_event_seq", "gauge", true],
    ["aleph_memory_rss_bytes", "gauge", true],
    ["aleph_storage_ok", "gauge", true],
    ["aleph_event_loop_stalls", "gauge", true],
    ["aleph_event_loop_longest_stall_seconds", "gauge", true],
  ]);
  expect(Object.fromEntries(families.get("aleph_rpc_requests_total")!.samples)).toEqual({
    '{method="auth.connect",outcome="ok"}': 1,
    '{method="rpc.ping",outcome="ok"}': 3,
    '{method="session.get",outcome="not_found"}': 1,
  });
  expect(families.get("aleph_connections")!.samples.get("")).toBe(1);
  expect(families.get("aleph_storage_ok")!.samples.get("")).toBe(1);
  const seconds = [...families.get("aleph_rpc_seconds_total")!.samples.values()];
  expect(seconds.every((value) => value >= 0 && value < 10)).toBe(true);
});

test("GET /metrics is for the owner's token or this machine, and a wrong token is no way in", async () => {
  await using app = await testApp({ config: { gateway: { allowed_hosts: ["panel.example"] } } });
  const ask = async (headers: Record<string, string>) => (await fetch(`${app.url}/metrics`, { headers })).status;
  expect(await ask({})).toBe(200);
  expect(await ask({ authorization: `Bearer ${app.token}` })).toBe(200);
  expect(await ask({ authorization: "Bearer wrong" })).toBe(401);
  expect(await ask({ host: "panel.example" })).toBe(401);
  expect(await ask({ "x-forwarded-for": "127.0.0.1" })).toBe(401);
  expect(await ask({ host: "panel.example", authorization: `Bearer ${app.token}` })).toBe(200);
});

test("GET /metrics counts the same over two scrapes: nothing is registered twice", async () => {
  await using app = await testApp();
  const scrape = async () => parseMetrics(await (await fetch(`${app.url}/metrics`)).text());
  const [first, second] = [await scrape(), await scrape()];
  expect([...second.keys()]).toEqual([...first.keys()]);
  expect(second.get("aleph_rpc_requests_total")!.samples).toEqual(first.get("aleph_rpc_requests_total")!.samples);
});
