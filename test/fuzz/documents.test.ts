import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { stringify } from "smol-toml";
import { toJSONSchema } from "zod";
import { parseDocument } from "../../src/config/document.ts";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { validateDocument } from "../../src/config/validate.ts";
import { parseManifest } from "../../src/plugin/manifest.ts";
import { MANIFEST_FORMATS } from "../../src/plugin/manifest-files.ts";
import { manifestSchema } from "../../src/plugin/manifest-schema.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import { allowedBy, type JsonSchema, spoiled } from "./arbitrary.ts";
import { mutated } from "./mutation.ts";

const SAMPLE = { seed: 20_261_121, numRuns: 200 };

const EXAMPLE = `# A home of two agents.
[gateway]
port = 18790
bind = "loopback"

[providers.anthropic]
type = "anthropic"
api_key = "$\{env:KEY}"

[agents.writer]
model = "anthropic/claude"
workspace = "writing"

[[hooks]]
event = "run.completed"
command = ["notify", "done"]
`;

/** What a TOML text can hold: no null, and no number beyond what it writes. */
function isWritable(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  if (typeof value === "string") return value.isWellFormed();
  return (
    typeof value !== "object" || Object.entries(value).every(([key, part]) => key.isWellFormed() && isWritable(part))
  );
}

describe("config.toml", () => {
  test("is valid or says what is wrong with it, whatever the schema allows and however it is spoiled", async () => {
    // One table at a time: of all at once one is always wrong.
    const { properties = {} } = configJsonSchema() as JsonSchema;
    const tables = fc.oneof(
      ...Object.entries(properties).map(([key, schema]) => fc.record({ [key]: allowedBy(schema) })),
    );
    let valid = 0;
    for (const value of fc.sample(fc.oneof(tables, spoiled(tables)), SAMPLE)) {
      if (typeof value !== "object" || Array.isArray(value) || !isWritable(value)) continue;
      const { document, issues } = await parseDocument(stringify(value as Record<string, unknown>));
      const problems = issues.length > 0 ? issues : validateDocument(document);
      expect(problems.every(({ message }) => message !== "")).toBe(true);
      if (problems.length === 0) valid++;
    }
    expect(valid).toBeGreaterThan(40);
  });

  test("as text with bytes lost, doubled or changed is read or refused", async () => {
    const outcomes = new Set<string>();
    for (const bytes of fc.sample(mutated(EXAMPLE), SAMPLE)) {
      const { document, issues } = await parseDocument(new TextDecoder().decode(bytes));
      const problems = issues.length > 0 ? issues : validateDocument(document);
      for (const { line = 1 } of issues) expect(line).toBeGreaterThan(0);
      outcomes.add(problems.length === 0 ? "read" : "refused");
    }
    expect([...outcomes].toSorted()).toEqual(["read", "refused"]);
  });
});

describe("a plugin's manifest", () => {
  const schema = toJSONSchema(manifestSchema, { io: "input", unrepresentable: "any" }) as JsonSchema;

  test.each(MANIFEST_FORMATS.map((format) => [format.file, format] as const))(
    "%s is read or refused with plugin_error and what is wrong",
    async (_, format) => {
      const manifests = allowedBy(schema);
      const outcomes = new Set<string>();
      for (const value of fc.sample(fc.oneof(manifests, spoiled(manifests)), SAMPLE)) {
        if (format.format === "toml" && (typeof value !== "object" || Array.isArray(value) || !isWritable(value)))
          continue;
        const whole = format.section === undefined ? value : { name: "x", [format.section]: value };
        const text = format.format === "toml" ? stringify(whole as Record<string, unknown>) : JSON.stringify(whole);
        outcomes.add(await outcomeOf(text, format));
        for (const bytes of fc.sample(mutated(text), { ...SAMPLE, numRuns: 2 })) {
          outcomes.add(await outcomeOf(new TextDecoder().decode(bytes), format));
        }
      }
      expect([...outcomes].toSorted()).toEqual(["plugin_error", "read"]);
    },
  );
});

async function outcomeOf(text: string, format: (typeof MANIFEST_FORMATS)[number]): Promise<string> {
  try {
    await parseManifest(text, format);
    return "read";
  } catch (thrown) {
    const { reason, data } = AlephError.from(thrown);
    return Array.isArray(data.issues) && data.issues.length > 0 ? reason : `${reason}: ${String(thrown)}`;
  }
}
