import { expect, test } from "bun:test";
import { formatPath } from "../../src/config/problem.ts";
import { validateDocument } from "../../src/config/validate.ts";

test.each([
  [{ gateway: { prot: 1 } }, "gateway.prot", 'unknown key; did you mean "port"'],
  [{ gatway: {} }, "gatway", 'unknown key; did you mean "gateway"'],
  [{ port: 1 }, "port", 'unknown key here; did you mean "gateway.port"'],
  [{ agents: { a: { tool: {} } } }, "agents.a.tool", 'unknown key; did you mean "tools"'],
  [{ runs: { something: 1 } }, "runs.something", "unknown key; known here: on_restart"],
  [
    { providers: { a: { models: [{ id: "x", pirce: {} }] } } },
    "providers.a.models.0.pirce",
    'unknown key; did you mean "price"',
  ],
  [{ gateway: 5 }, "gateway", "must be a table, not a whole number"],
  [{ gateway: { port: "80" } }, "gateway.port", "must be a number, not a string"],
  [{ gateway: { port: 1.5 } }, "gateway.port", "must be a whole number, not the number 1.5"],
  [{ gateway: { port: -1 } }, "gateway.port", "must be at least 0"],
  [{ gateway: { port: 65536 } }, "gateway.port", "must be at most 65535"],
  [{ gateway: { allowed_hosts: "x" } }, "gateway.allowed_hosts", "must be an array, not a string"],
  [{ gateway: { allowed_hosts: [true] } }, "gateway.allowed_hosts.0", "must be a string, not true"],
  [
    { gateway: { allowed_origins: ["nope"] } },
    "gateway.allowed_origins.0",
    "must be a web address such as https://example.com",
  ],
  [
    { providers: { a: { base_url: "ftp://a" } } },
    "providers.a.base_url",
    "must be a web address such as https://example.com",
  ],
  [{ providers: { "a b": {} } }, 'providers."a b"', "the name must be letters, digits, . _ or -"],
  [{ providers: { "a.b": { api_key: 1 } } }, 'providers."a.b".api_key', "must be a string, not a whole number"],
  [{ providers: { a: { models: [3] } } }, "providers.a.models.0", "must be a string or a table, not a whole number"],
  [{ providers: { a: { models: [{}] } } }, "providers.a.models.0.id", "is missing; it must be a string"],
  [{ providers: { a: { models: [{ id: "" }] } } }, "providers.a.models.0.id", "must not be empty"],
  [{ models: { default: "" } }, "models.default", "must not be empty"],
  [{ log: { level: "inof" } }, "log.level", 'must be one of "debug", "info", "warn", "error"; did you mean "info"'],
  [{ limits: { run: { cost_usd: 0 } } }, "limits.run.cost_usd", "must be more than 0"],
])("validateDocument: %j is refused at %s", (document, path, message) => {
  expect(validateDocument(document).map((problem) => ({ ...problem, path: formatPath(problem.path) }))).toEqual([
    { path, message },
  ]);
});

test("validateDocument: a reference may stand for any string, not for a number or a word of a list", () => {
  expect(validateDocument({ providers: { a: { base_url: "env:URL", api_key: "file:key" } } })).toEqual([]);
  expect(validateDocument({ gateway: { port: "env:PORT" }, auth: { mode: "env:MODE" } })).toEqual([
    { path: ["gateway", "port"], message: "must be a number, not a string" },
    { path: ["auth", "mode"], message: 'must be one of "token", "none"' },
  ]);
});

test("validateDocument: a provider may have keys of its kind", () => {
  expect(validateDocument({ providers: { a: { type: "plugin", anything: { goes: [1] } } } })).toEqual([]);
});

test("validateDocument: of very many problems it tells the first", () => {
  const hosts = Array.from({ length: 10_000 }, () => 1);
  expect(validateDocument({ gateway: { allowed_hosts: hosts } })).toHaveLength(50);
  expect(validateDocument(Object.fromEntries(hosts.map((_, index) => [`k${index}`, 1])))).toHaveLength(50);
});
