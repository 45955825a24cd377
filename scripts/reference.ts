/**
 * Writes docs/configuration.md and src/config/schema-version.ts from the schema, docs/cli.md from the commands, and
 * docs/reference/ from the methods, events and errors: `bun scripts/reference.ts`.
 */
import { join } from "node:path";
import { configJsonSchema, type JsonSchema, listKnownKeys } from "../src/config/json-schema.ts";
import { renderCommands } from "./command-reference.ts";
import { renderProtocol } from "./protocol-reference.ts";

/** Short, for a hash that only has to differ. */
function schemaVersion(schema: JsonSchema): string {
  return new Bun.CryptoHasher("sha256").update(JSON.stringify(schema)).digest("hex").slice(0, 16);
}

/** The files by their path from the root of the checkout. */
export async function renderReference(): Promise<Record<string, string>> {
  const schema = configJsonSchema();
  return {
    "docs/configuration.md": renderPage(schema),
    "docs/cli.md": await renderCommands(),
    ...(await renderProtocol()),
    "src/config/schema-version.ts": `/** Changes with the schema, so that a file that was checked against another one is checked again. Made by scripts/reference.ts. */

export const SCHEMA_VERSION = "${schemaVersion(schema)}";
`,
  };
}

function renderPage(schema: JsonSchema): string {
  const sections = Object.keys(schema.properties ?? {}).map((section) => {
    const keys = listKnownKeys(schema).filter(
      ({ key }) => /^[.[]/.test(key.slice(section.length)) && key.startsWith(section),
    );
    const rows = keys.map(({ key, type, default: value, description = "" }) => {
      const shown = value === undefined ? "" : code(JSON.stringify(value));
      return `| ${code(key)} | ${code(type)} | ${shown} | ${cell(description).replaceAll("<", "&lt;")} |`;
    });
    return [`## ${section}`, "", "| key | type | default | |", "|---|---|---|---|", ...rows, ""].join("\n");
  });
  return `${HEAD}\n${sections.join("\n")}`;
}

function code(text: string): string {
  return `\`${cell(text)}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

const HEAD = `# Configuration

Made from the schema by \`bun scripts/reference.ts\`; do not edit.

\`config.toml\` in \`ALEPH_HOME\` (\`~/.aleph\` unless set) is the only file to edit, and it is optional. A change takes effect
half a second after it is saved; when it is not valid, the old config stays and the log says which line is wrong.
\`aleph config validate\` checks the file, \`aleph config schema\` prints its JSON Schema for editors.

- A secret may be \`env:NAME\`, \`file:PATH\` (from \`ALEPH_HOME\`; readable by its owner alone) or \`keychain:NAME\` instead of the
  value itself; so may any string in the table of a provider or an interface, values of headers and variables, and the address of a
  webhook out. Elsewhere it stands for itself. References are resolved when they are used, and never written back in clear.
- \`<id>\` is a name of your own: letters, digits, \`.\`, \`_\` and \`-\`. \`[]\` stands for each entry of an array.
- A provider's table may also have the keys of its kind, an interface's those of its channel.
- Keys may be written in camelCase. \`auth.require_auth\` of earlier versions still counts: true is \`mode = "token"\`, false is
  \`mode = "none"\`.
- \`ALEPH_LOG_LEVEL\` and the options of the command line stand above the file.
`;

if (import.meta.main) {
  for (const [path, text] of Object.entries(await renderReference()))
    await Bun.write(join(import.meta.dir, "..", path), text);
}
