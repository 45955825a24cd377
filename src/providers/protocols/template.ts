/** Templates of JSON: `"{{name}}"` becomes a value of whatever kind, `{{name}}` inside of a text becomes text. */

/** What a template can ask for. */
export const PLACEHOLDERS: ReadonlySet<string> = new Set([
  // Of a request.
  "model",
  "system",
  "prompt",
  "messages",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "response_format",
  "max_tokens",
  "temperature",
  "top_p",
  "stop",
  "seed",
  "thinking",
  // Of one message.
  "role",
  "text",
  // Of one tool.
  "name",
  "description",
  "parameters",
]);

export type Values = Readonly<Record<string, unknown>>;

const WHOLE = /^\{\{(\w+)\}\}$/;
const EACH = /\{\{(\w+)\}\}/g;

/** What has no value is left out: keys of objects, items of lists. */
export function fillTemplate(template: unknown, values: Values): unknown {
  if (typeof template === "string") {
    const whole = WHOLE.exec(template)?.[1];
    if (whole !== undefined) return values[whole];
    return template.replace(EACH, (_all, name: string) => textOf(values[name]));
  }
  if (Array.isArray(template)) {
    return template.map((item) => fillTemplate(item, values)).filter((item) => item !== undefined);
  }
  if (typeof template !== "object" || template === null) return template;
  const entries = Object.entries(template).map(([key, item]) => [key, fillTemplate(item, values)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

function textOf(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

export interface Placeholder {
  readonly name: string;
  readonly path: readonly (string | number)[];
}

export function placeholdersOf(template: unknown, path: readonly (string | number)[] = []): Placeholder[] {
  if (typeof template === "string") return [...template.matchAll(EACH)].map(([, name = ""]) => ({ name, path }));
  if (Array.isArray(template)) return template.flatMap((item, index) => placeholdersOf(item, [...path, index]));
  if (typeof template !== "object" || template === null) return [];
  return Object.entries(template).flatMap(([key, item]) => placeholdersOf(item, [...path, key]));
}
