/** The form of config.toml: the fields that its JSON Schema and what it says now give, in sections. */

export type FieldKind = "switch" | "choice" | "number" | "text" | "list" | "json";

export interface Field {
  readonly path: readonly string[];
  /** Dotted, as it would be written. */
  readonly key: string;
  readonly kind: FieldKind;
  readonly description: string | undefined;
  readonly default: unknown;
  /** Of a choice. */
  readonly options: readonly string[];
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly whole: boolean;
  /** Its value is never told. */
  readonly secret: boolean;
}

/** Tables that a person names: more can be added. */
export interface Collection {
  readonly path: readonly string[];
  readonly key: string;
  readonly names: readonly string[];
}

export interface Section {
  readonly name: string;
  readonly description: string | undefined;
  readonly fields: readonly Field[];
  readonly collections: readonly Collection[];
}

type Table = Readonly<Record<string, unknown>>;
type Schema = Table & {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: unknown;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
};

/** `names`: tables that were begun and say nothing yet, by the key of their collection. */
export function sectionsOf(
  schema: Table,
  config: Table,
  names: Readonly<Record<string, readonly string[]>>,
): Section[] {
  const { properties = {} } = schema as Schema;
  return Object.entries(properties).map(([name, property]) => {
    const fields: Field[] = [];
    const collections: Collection[] = [];
    walk(property, [name]);
    return { name, description: property.description, fields, collections };

    function walk(at: Schema, path: readonly string[]): void {
      if (
        at.propertyNames !== undefined &&
        isSchema(at.additionalProperties) &&
        isTableSchema(at.additionalProperties)
      ) {
        const key = keyOf(path);
        const said = valueAt(config, path);
        const all = [...new Set([...Object.keys(isTable(said) ? said : {}), ...(names[key] ?? [])])];
        collections.push({ path, key, names: all });
        for (const own of all) walk(at.additionalProperties, [...path, own]);
        return;
      }
      if (at.properties) for (const [key, inner] of Object.entries(at.properties)) walk(inner, [...path, key]);
      else fields.push(fieldOf(at, path));
    }
  });
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null;
}

function isTableSchema(schema: Schema): boolean {
  return schema.properties !== undefined;
}

function fieldOf(schema: Schema, path: readonly string[]): Field {
  const { minimum, maximum, exclusiveMinimum } = schema;
  const number = (value: unknown) => (typeof value === "number" && Math.abs(value) < 9e15 ? value : undefined);
  return {
    path,
    key: keyOf(path),
    kind: kindOf(schema),
    description: schema.description,
    default: schema.default,
    options: (schema.enum ?? []).map(String),
    min: number(minimum) ?? number(exclusiveMinimum),
    max: number(maximum),
    whole: schema.type === "integer",
    secret: SECRET.test(path.at(-1) ?? ""),
  };
}

/** The server masks what it must; here it only decides how the field looks. */
const SECRET = /(?:^|_)(?:api_keys?|token|secret|password|signing_secret)$/;

function kindOf({ type, enum: options, items }: Schema): FieldKind {
  if (options?.every((option) => typeof option === "string")) return "choice";
  if (type === "boolean") return "switch";
  if (type === "integer" || type === "number") return "number";
  if (type === "string") return "text";
  if (type === "array" && items?.type === "string") return "list";
  return "json";
}

/** `providers."my.proxy".api_key`. */
export function keyOf(path: readonly string[]): string {
  return path.map((key) => (/^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key))).join(".");
}

export function valueAt(root: Table, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (isTable(at) && Object.hasOwn(at, key) ? at[key] : undefined), root);
}

export function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether `pattern`, in which `*` stands for any name, names the path or something around it. */
export function isBelow(path: readonly string[], pattern: string): boolean {
  const parts = pattern.split(".");
  return parts.length <= path.length && parts.every((part, index) => part === "*" || part === path[index]);
}

/** Whether all words stand in its key or in what is said of it. */
export function matches({ key, description }: Field, words: string): boolean {
  const text = `${key} ${key.replaceAll("_", " ")} ${description ?? ""}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** How a value stands in the field. */
export function toText(kind: FieldKind, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (kind === "list" && Array.isArray(value)) return value.join("\n");
  return kind === "json" || typeof value === "object" ? JSON.stringify(value, null, 2) : String(value);
}

/** What stands in the field as a value. Empty is null: then the default counts. Throws where it is none. */
export function fromText(kind: FieldKind, text: string): unknown {
  if (kind === "list")
    return text.trim() === ""
      ? []
      : text
          .split("\n")
          .map((line) => line.trim())
          .filter(Boolean);
  if (text.trim() === "") return null;
  if (kind === "switch") return text === "true";
  if (kind === "json") return JSON.parse(text);
  if (kind !== "number") return text;
  const number = Number(text);
  if (!Number.isFinite(number)) throw new SyntaxError("not a number");
  return number;
}
