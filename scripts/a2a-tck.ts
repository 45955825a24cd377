/**
 * `bun scripts/a2a-tck.ts KIT [ARGUMENTS OF PYTEST…]`: the protocol's own test kit (github.com/a2aproject/a2a-tck) against a
 * server with a scripted model, outside of CI: the kit is in no registry. KIT is a checkout of its branch 0.3.x or 1.0-dev;
 * what it needs comes from PyPI into .cache/. Each branch is for one version of the protocol and is told which by its folders.
 * `--guarded` as the first argument asks for a token, which the kit does not have: its tests of refusals run then.
 */
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { startKitServer } from "../test/support/a2a-kit.ts";

const VENV = resolve(".cache/a2a-tck");
const PYTHON = join(VENV, "bin/python");
/** What either branch names as its own needs, so that one folder serves both. */
const PACKAGES = [
  "aiohttp",
  "deepdiff",
  "gherkin-official",
  "googleapis-common-protos",
  "grpcio",
  "grpcio-status",
  "grpcio-tools",
  "httpx",
  "Jinja2",
  "jsonschema",
  "packaging",
  "protobuf",
  "pyOpenSSL",
  "pytest",
  "pytest-asyncio",
  "pytest-html",
  "pytest-json-report",
  "python-dotenv",
  "PyYAML",
  "requests",
  "responses",
];

const given = process.argv.slice(2);
const isGuarded = given[0] === "--guarded";
const [folder, ...rest] = isGuarded ? given.slice(1) : given;
if (folder === undefined) {
  console.error("bun scripts/a2a-tck.ts [--guarded] KIT [ARGUMENTS OF PYTEST…]");
  process.exit(64);
}
const kit = resolve(folder);
const isNew = existsSync(join(kit, "tests/compatibility"));
if (!isNew && !existsSync(join(kit, "tests/mandatory"))) {
  console.error(`${kit} holds no test kit of A2A that is known here`);
  process.exit(66);
}
if (!existsSync(PYTHON)) {
  mkdirSync(VENV, { recursive: true });
  await run(["python3", "-m", "venv", VENV]);
  const code = await run([PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...PACKAGES]);
  if (code !== 0) process.exit(code);
}

// The kit for 1.0 takes any free port for its webhooks, which no rule could name beforehand.
const port = freePort();
const PINNED = `
import sys, pytest
try:
    import tck.webhook.server as hooks
    Server = hooks.HTTPServer
    hooks.HTTPServer = lambda address, handler: Server((address[0], ${port}), handler)
except ImportError:
    pass
sys.exit(pytest.main(sys.argv[1:]))
`;
await using server = await startKitServer({ isGuarded, webhooks: [`connect:http://127.0.0.1:${port}`] });
const chosen = rest.some((argument) => argument.includes("tests/")) ? [] : [isNew ? "tests/compatibility" : "tests"];
const kinds = isNew
  ? [`--sut-host=${server.url}`, "--webhook-host=127.0.0.1"]
  : [`--sut-url=${server.url}`, "--test-scope=all", "--transports=jsonrpc", "--ignore=tests/unit"];
process.exitCode = await run([PYTHON, "-c", PINNED, ...chosen, ...kinds, "--tb=short", "-q", ...rest], kit);

function freePort(): number {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const { port = 0 } = server;
  void server.stop(true);
  return port;
}

function run(command: readonly string[], cwd = process.cwd()): Promise<number> {
  return Bun.spawn([...command], { cwd, stdio: ["ignore", "inherit", "inherit"] }).exited;
}
