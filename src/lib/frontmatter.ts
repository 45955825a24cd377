/** YAML between two lines of `---` at the top of a Markdown file. */

export interface Frontmatter {
  readonly fields: Readonly<Record<string, unknown>>;
  /** What comes after it, trimmed. */
  readonly body: string;
  /** The line, from 1, on which a key of the top level stands; that of the opening mark for one that is not there. */
  lineOf(key: string): number;
}

export interface FrontmatterFault {
  readonly message: string;
  readonly line: number;
}

/** A frontmatter of more is no description of anything. */
const MAX_CHARACTERS = 16_384;

/** Never throws: what cannot be read is a fault with its line. */
export function readFrontmatter(text: string): Frontmatter | { readonly fault: FrontmatterFault } {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  if (lines[0]?.trimEnd() !== "---") return { fault: { message: 'must begin with a line "---"', line: 1 } };
  const end = lines.findIndex((line, index) => index > 0 && line.trimEnd() === "---");
  if (end < 0) return { fault: { message: 'has no second line "---" that ends its frontmatter', line: 1 } };
  const inner = lines.slice(1, end);
  if (inner.join("\n").length > MAX_CHARACTERS) {
    return { fault: { message: `has a frontmatter of more than ${MAX_CHARACTERS} characters`, line: 1 } };
  }
  const parsed = parse(inner);
  if ("faultAt" in parsed) return { fault: { message: "is not YAML", line: parsed.faultAt + 2 } };
  const fields = parsed.value ?? {};
  if (typeof fields !== "object" || Array.isArray(fields)) {
    return { fault: { message: "must be a list of keys with values", line: 2 } };
  }
  return {
    fields: fields as Record<string, unknown>,
    body: lines
      .slice(end + 1)
      .join("\n")
      .trim(),
    lineOf: (key) => inner.findIndex((line) => keyOf(line) === key) + 2,
  };
}

function keyOf(line: string): string | undefined {
  return /^["']?([^\s"'#:][^"':]*?)["']?\s*:(?:\s|$)/.exec(line)?.[1];
}

/** The parser does not tell where it gave up: that is behind the longest beginning which it takes. */
function parse(lines: readonly string[]): { readonly value: unknown } | { readonly faultAt: number } {
  const tryTo = (count: number) => {
    try {
      return { value: Bun.YAML.parse(lines.slice(0, count).join("\n")) as unknown };
    } catch {
      // What is wrong is told by how much of it could be read.
      return undefined;
    }
  };
  const whole = tryTo(lines.length);
  if (whole) return whole;
  for (let count = lines.length - 1; count > 0; count--) if (tryTo(count)) return { faultAt: count };
  return { faultAt: 0 };
}
