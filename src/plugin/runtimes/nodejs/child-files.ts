/** The code that runs in a plugin's process before the plugin: carried by the executable, laid down as files. */
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeVolatile } from "../../../lib/atomic-write.ts";

export interface ChildFiles {
  readonly folder: string;
  readonly preload: string;
  /** Settings for Bun with nothing in them, so that it looks for no others. */
  readonly settings: string;
}

/** Named as in the sources, so that they find each other. */
const CHILD = "src/plugin/runtimes/nodejs/child";
const SDK = "plugins/sdk/index.js";
const SETTINGS = "bunfig.toml";

/** Puts them below `runFolder`, in a folder named after what is in them; what is there already is compared. */
export async function layDownChildFiles(runFolder: string): Promise<ChildFiles> {
  const files = { ...(await readTexts()), [SETTINGS]: "" };
  const hash = new Bun.CryptoHasher("sha256").update(JSON.stringify(files)).digest("hex");
  const folder = join(runFolder, `nodejs-${hash.slice(0, 16)}`);
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    if (isThere(path, text)) continue;
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    writeVolatile(path, text, 0o444);
    chmodSync(path, 0o444);
  }
  return { folder, preload: join(folder, CHILD, "preload.ts"), settings: join(folder, SETTINGS) };
}

function isThere(path: string, text: string): boolean {
  try {
    return readFileSync(path, "utf8") === text;
  } catch {
    // Not there, or not to be read: it is written.
    return false;
  }
}

/** What is imported as text has the types of its module all the same. */
async function readTexts(): Promise<Record<string, string>> {
  const entries = Object.entries(TEXTS).map(async ([name, load]) => {
    const { default: text } = (await load()) as unknown as { readonly default: string };
    return [name === "sdk" ? SDK : `${CHILD}/${name}.ts`, text] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

const TEXTS = {
  sdk: () => import("../../../../plugins/sdk/index.js", { with: { type: "text" } }),
  broker: () => import("./child/broker.ts", { with: { type: "text" } }),
  denials: () => import("./child/denials.ts", { with: { type: "text" } }),
  fetch: () => import("./child/fetch.ts", { with: { type: "text" } }),
  handlers: () => import("./child/handlers.ts", { with: { type: "text" } }),
  http: () => import("./child/http.ts", { with: { type: "text" } }),
  "http-body": () => import("./child/http-body.ts", { with: { type: "text" } }),
  "http-request": () => import("./child/http-request.ts", { with: { type: "text" } }),
  "http-response": () => import("./child/http-response.ts", { with: { type: "text" } }),
  "load-error": () => import("./child/load-error.ts", { with: { type: "text" } }),
  "node-fetch": () => import("./child/node-fetch.ts", { with: { type: "text" } }),
  output: () => import("./child/output.ts", { with: { type: "text" } }),
  preload: () => import("./child/preload.ts", { with: { type: "text" } }),
  undici: () => import("./child/undici.ts", { with: { type: "text" } }),
  websocket: () => import("./child/websocket.ts", { with: { type: "text" } }),
  wire: () => import("./child/wire.ts", { with: { type: "text" } }),
  ws: () => import("./child/ws.ts", { with: { type: "text" } }),
} satisfies Record<string, () => Promise<unknown>>;
