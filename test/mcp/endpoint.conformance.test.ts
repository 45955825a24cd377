/** The conformance suite of the specification's authors against `/mcp`. Its own tools stand for ours, which it does not know. */
import { expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { McpEndpoint } from "../../src/mcp/endpoint.ts";
import type { ToolDesk } from "../../src/mcp/offer.ts";
import { createMedia, createMemoryShelf } from "../../src/media/media.ts";
import { OWNER_GRANT } from "../../src/protocol/identity.ts";
import { testApp } from "../support/app.ts";

const SUITE = fileURLToPath(import.meta.resolve("@modelcontextprotocol/conformance/dist/index.js"));
const PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/** The names of the scenarios that pass. */
async function passed(url: string): Promise<readonly string[]> {
  const child = Bun.spawn([process.execPath, SUITE, "server", "--url", url], {
    cwd: tmpdir(),
    env: { PATH: process.env.PATH ?? "", HOME: tmpdir() },
    stdout: "pipe",
    stderr: "pipe",
  });
  const printed = await new Response(child.stdout).text();
  await child.exited;
  return [...printed.matchAll(/^✓ ([\w-]+): /gm)].map(([, name]) => name!).sort();
}

function deskOf(media: ReturnType<typeof createMedia>): ToolDesk {
  const picture = () => media.put(Uint8Array.fromBase64(PICTURE), { mime: "image/png" });
  const sound = () => media.put(new TextEncoder().encode("RIFF"), { mime: "audio/wav" });
  const page = () => media.put(new TextEncoder().encode("A page"), { mime: "text/plain" });
  type Outcome = Awaited<ReturnType<ToolDesk["call"]>>;
  const tools: Readonly<Record<string, (progress: (text: string) => void) => Outcome | Promise<Outcome>>> = {
    test_simple_text: () => ({ status: "ok", text: "This is a simple text response for testing." }),
    test_image_content: async () => ({ status: "ok", text: "", media: [await picture()] }),
    test_audio_content: async () => ({ status: "ok", text: "", media: [await sound()] }),
    test_embedded_resource: async () => ({ status: "ok", text: "", media: [await page()] }),
    test_multiple_content_types: async () => ({ status: "ok", text: "Mixed", media: [await picture(), await page()] }),
    test_error_handling: () => ({ status: "error", text: "This tool intentionally returns an error for testing" }),
    async test_tool_with_progress(progress) {
      for (const step of ["0", "50", "100"]) progress(step);
      return { status: "ok", text: "done" };
    },
  };
  return {
    specs: async () =>
      Object.keys(tools).map((name) => ({ name, description: name, parallel: true, parameters: { type: "object" } })),
    call: async ({ tool }, { progress }) =>
      (await tools[tool]?.(progress)) ?? { status: "error", text: `There is no tool "${tool}"` },
  };
}

test("McpEndpoint passes every scenario about what it offers", async () => {
  const shelf = createMemoryShelf();
  const media = createMedia({ durable: shelf, ephemeral: shelf });
  await using endpoint = new McpEndpoint({
    desk: deskOf(media),
    media,
    skills: {
      active: async () => [{ name: "test_simple_prompt", description: "For the test" }],
      load: async (name) => ({
        name,
        sha256: "",
        origin: "the test",
        text: "This is a simple prompt for testing.",
        folder: "/",
        files: [],
        allowedTools: undefined,
      }),
    },
    maxBody: () => 1_000_000,
    now: () => performance.now(),
  });
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request) => endpoint.handle({ request, grant: OWNER_GRANT, credential: "test" }),
  });
  // Left out are resources, completion and logging, which it does not have, prompts with files, and questions to its client.
  expect(await passed(`http://127.0.0.1:${server.port}/mcp`)).toEqual([
    "ping",
    "prompts-get-simple",
    "prompts-list",
    "server-initialize",
    "server-sse-multiple-streams",
    "tools-call-audio",
    "tools-call-embedded-resource",
    "tools-call-error",
    "tools-call-image",
    "tools-call-mixed-content",
    "tools-call-simple-text",
    "tools-call-with-progress",
    "tools-list",
  ]);
}, 60_000);

test("the gateway's checks of Host and Origin stand before it", async () => {
  await using app = await testApp({ config: { auth: { mode: "none" } } });
  expect(await passed(`${app.url}/mcp`)).toContain("dns-rebinding-protection");
}, 60_000);
