/** TOML text to plain data. smol-toml is loaded here, on first use. */

export type ParsedToml =
  | { readonly value: unknown }
  /** A sentence about the first fault, without a word of the text, and where it is, where that is known; both count from 1. */
  | { readonly fault: { readonly message: string; readonly line?: number; readonly column?: number } };

/** Tables deeper than `maxDepth` and the key `__proto__` are faults. */
export async function parseToml(text: string, { maxDepth }: { readonly maxDepth: number }): Promise<ParsedToml> {
  const { parse, TomlError } = await import("smol-toml");
  try {
    return { value: parse(text, { maxDepth, unsafeKeyBehaviour: "throw" }) };
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    // Only the first line of the message: the rest quotes the text, which may hold secrets.
    const reason = (thrown.message.split("\n")[0] ?? "").replace(/^Invalid TOML document: /, "");
    const line = thrown instanceof TomlError ? { line: thrown.line, column: thrown.column } : {};
    return { fault: { message: `Not valid TOML: ${reason}`, ...line } };
  }
}
