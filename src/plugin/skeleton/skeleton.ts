/** The files that a new plugin begins with: small, and working as they are. */
import { AlephError } from "../../protocol/errors.ts";
import source from "./shout.wat" with { type: "text" };

export const SKELETON_KINDS = ["nodejs", "wasm", "static"] as const;
export type SkeletonKind = (typeof SKELETON_KINDS)[number];

export interface SkeletonFile {
  readonly path: string;
  readonly content: string | Uint8Array;
}

/** What `shout.wat` assembles to, so that nobody needs an assembler for a first try. */
const MODULE =
  "AGFzbQEAAAABHQZgAAF+YAF+AX9gAX4BfmACfn8AYAJ+fgBgAAF/ApABBQ9leHRpc206aG9zdC9lbnYMaW5wdXRfbGVuZ3RoAAAPZXh0aXNtOmhvc3QvZW52DWlucHV0X2xvYWRfdTgAAQ9leHRpc206aG9zdC9lbnYFYWxsb2MAAg9leHRpc206aG9zdC9lbnYIc3RvcmVfdTgAAw9leHRpc206aG9zdC9lbnYKb3V0cHV0X3NldAAEAwIBBQUDAQABBxICBm1lbW9yeQIABXNob3V0AAUKUgFQAgN+AX8QACEAIAAQAiEBAkADQCACIABaDQEgAhABIQMgA0HhAGtBGkkEQCADQSBrIQMLIAEgAnwgAxADIAJCAXwhAgwACwsgASAAEARBAAs=";

const ID = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** Throws `invalid_params` for an id that no plugin may have. */
export function skeletonFiles(id: string, kind: SkeletonKind): readonly SkeletonFile[] {
  if (!ID.test(id)) {
    throw new AlephError("invalid_params", `${JSON.stringify(id)} cannot be the id of a plugin`, {
      data: { hint: "Small letters, digits, - and _, at most 64" },
    });
  }
  return KINDS[kind](id);
}

const KINDS: Readonly<Record<SkeletonKind, (id: string) => readonly SkeletonFile[]>> = {
  nodejs: (id) => [
    {
      path: "aleph_plugin.toml",
      content: `${head(id, "nodejs", "Greets people")}entry = "src/index.ts"

# What is not named here is not allowed.
[permissions]
network = []      # such as "connect:https://api.example.com"
filesystem = []   # such as "read:./data" or "write:./output"
env = []          # such as "API_KEY"

[[tools]]
name = "${toolName(id)}_greet"
description = "Greets somebody by name"
handler = "greet"

[tools.parameters]
type = "object"
required = ["name"]
additionalProperties = false

[tools.parameters.properties.name]
type = "string"
description = "Whom to greet"

# Called as /ping, without a model.
[[commands]]
name = "ping"
description = "Tells that the plugin is there"
handler = "ping"
`,
    },
    {
      path: "src/index.ts",
      content: `import { createServer } from "@aleph/plugin-sdk";

// Handlers are found by the names that the manifest gives them. Console output goes to the plugin's log.
createServer({
  name: "${id}",
  tools: {
    greet: async ({ name }: { name: string }) => ({ greeting: \`Hello, \${name}\` }),
  },
  commands: {
    ping: async () => "pong",
  },
}).start();
`,
    },
    {
      path: "README.md",
      content: readme(
        id,
        "It runs in a process of its own, as JavaScript or TypeScript; nothing needs to be built. Packages that it imports must be in node_modules, or bundled into the entry: bun build src/index.ts --target=bun --outdir=dist --external @aleph/plugin-sdk",
      ),
    },
  ],
  wasm: (id) => [
    {
      path: "aleph_plugin.toml",
      content: `${head(id, "wasm", "Writes a text in capitals")}entry = "plugin.wasm"

[[tools]]
name = "${toolName(id)}_shout"
description = "Writes a text in capitals"
handler = "shout"

# One text named input: the module gets the text itself. Otherwise it gets all arguments, as JSON.
[tools.parameters]
type = "object"
required = ["input"]
additionalProperties = false

[tools.parameters.properties.input]
type = "string"
`,
    },
    { path: "plugin.wasm", content: Buffer.from(MODULE, "base64") },
    { path: "plugin.wat", content: source },
    {
      path: "README.md",
      content: readme(
        id,
        "The module is made of plugin.wat: wat2wasm plugin.wat. In Rust, with the crate extism-pdk: #[plugin_fn] pub fn shout(input: String) -> FnResult<String>, built with cargo build --release --target wasm32-unknown-unknown",
      ),
    },
  ],
  static: (id) => [
    {
      path: "aleph_plugin.toml",
      content: `${head(id, "static", "How texts are to be written")}
[prompt]
file = "SKILL.md"
scope = "system"   # in every run; standalone: only when a message begins with /${id}
`,
    },
    { path: "SKILL.md", content: "Write short sentences. Say what is known and what is guessed.\n" },
    { path: "README.md", content: readme(id, "It has no code, only the text in SKILL.md.") },
  ],
};

function head(id: string, kind: SkeletonKind, description: string): string {
  return `[plugin]
id = "${id}"
name = "${id}"
version = "0.1.0"
description = "${description}"
kind = "${kind}"
`;
}

/** Models take no dash for granted. */
function toolName(id: string): string {
  const name = id.replaceAll("-", "_").slice(0, 40);
  return /^[a-z_]/.test(name) ? name : `p_${name}`;
}

function readme(id: string, how: string): string {
  return `# ${id}

${how}

    aleph plugins validate .     checks it, nothing is run
    aleph plugins install .      copies it into Aleph and asks for its permissions
    aleph plugins dev ${id} on   from then on a changed version needs no new approval
    aleph plugins pack .         makes an archive that others can install
`;
}
