/** argv to command, nothing else. The way to a server loads only what a server needs. */
import { readServeFlags } from "./cli/serve-flags.ts";

const words = process.argv.slice(2);
// The name it was called by is argv[0] as the system gave it; in process.argv a compiled executable has "bun" there.
const name = process.argv0.replace(/^.*[\\/]|\.exe$/gi, "");
const fallback = name === "aleph" ? "chat" : "serve";
const serveWords = words[0] === "serve" ? words.slice(1) : words;
const flags = fallback === "serve" || words[0] === "serve" ? readServeFlags(serveWords) : undefined;

if (words[0] === "__sandbox-exec") {
  const { launch } = await import("./sandbox/linux/launch.ts");
  process.exitCode = launch();
} else if (words[0] === "__wasm-host") {
  const { runWasmHost } = await import("./plugin/runtimes/wasm/host.ts");
  await runWasmHost();
} else if (words[0] === "__document-host") {
  const { runDocumentHost } = await import("./document/host.ts");
  await runDocumentHost();
} else if (flags) {
  const { serveNow } = await import("./cli/commands/serve.ts");
  process.exitCode = await serveNow(flags);
} else {
  const { runCommandLine } = await import("./cli/cli.ts");
  process.exitCode = await runCommandLine({ program: name.startsWith("aleph") ? name : "aleph", fallback, words });
}
