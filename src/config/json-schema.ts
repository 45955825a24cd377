/** The JSON Schema of config.toml, for editors, the wizard, help and the reference page. Loads zod. */
import * as z from "zod";
import { isTable } from "../lib/merge-patch.ts";
import { DEFAULTS } from "./defaults.ts";
import type { Path, Table } from "./normalise.ts";
import { configSchema } from "./schema.ts";

/** The part of JSON Schema (draft 2020-12) that zod writes for the config. */
export interface JsonSchema {
  $schema?: string;
  $id?: string;
  title?: string;
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  properties?: Record<string, JsonSchema>;
  propertyNames?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  [keyword: string]: unknown;
}

export const SCHEMA_ID = "urn:aleph:config";

/** Draft 2020-12, with each default filled in. */
export function configJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(configSchema, { target: "draft-2020-12", io: "input" }) as JsonSchema;
  fillDefaults(schema, DEFAULTS);
  const { $schema, ...rest } = schema;
  return { ...($schema ? { $schema } : {}), $id: SCHEMA_ID, title: "Aleph's config.toml", ...rest };
}

function fillDefaults(schema: JsonSchema, defaults: Table): void {
  for (const [key, value] of Object.entries(defaults)) {
    const property = schema.properties?.[key];
    if (!property) continue;
    if (property.properties && isTable(value)) fillDefaults(property, value);
    else property.default = value;
  }
}

/** One line of the reference: a key as it is written, `<id>` where a person's own name stands. */
export interface KnownKey {
  readonly key: string;
  readonly type: string;
  readonly description?: string;
  readonly default?: unknown;
}

/** Every key of the schema in its order, tables of tables included. */
export function listKnownKeys(schema: JsonSchema, prefix = ""): KnownKey[] {
  const keys: KnownKey[] = [];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    keys.push(...describeKey(prefix === "" ? name : `${prefix}.${name}`, property));
  }
  if (schema.propertyNames && isTable(schema.additionalProperties)) {
    const { description } = schema;
    keys.push(
      ...describeKey(`${prefix}.<id>`, { ...(description ? { description } : {}), ...schema.additionalProperties }),
    );
  }
  return keys;
}

function describeKey(key: string, schema: JsonSchema): KnownKey[] {
  if (schema.properties || schema.propertyNames) return listKnownKeys(schema, key);
  const own: KnownKey = {
    key,
    type: typeName(schema),
    ...(schema.description === undefined ? {} : { description: schema.description }),
    ...(schema.default === undefined ? {} : { default: schema.default }),
  };
  const item = tableIn(schema.items);
  return item ? [own, ...listKnownKeys(item, `${key}[]`)] : [own];
}

function typeName(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.anyOf) return schema.anyOf.map(typeName).join(" | ");
  if (schema.type === "array") return `array of ${schema.items ? typeName(schema.items) : "anything"}`;
  if (schema.type === "object") return "table";
  return schema.type ?? "anything";
}

/** The keys that may stand in the table at `path`; empty where any may. */
export function keysAt(schema: JsonSchema, path: Path): string[] {
  let at: JsonSchema | undefined = schema;
  for (const key of path) {
    const table: JsonSchema | undefined = tableIn(at);
    if (typeof key === "number") at = at?.items;
    else if (table?.properties && Object.hasOwn(table.properties, key)) at = table.properties[key];
    else at = isTable(table?.additionalProperties) ? table.additionalProperties : undefined;
  }
  return Object.keys(tableIn(at)?.properties ?? {});
}

/** The schema itself if it is one of a table, or the one among its alternatives. */
function tableIn(schema: JsonSchema | undefined): JsonSchema | undefined {
  if (schema?.type === "object") return schema;
  return schema?.anyOf?.find((branch) => branch.type === "object");
}
