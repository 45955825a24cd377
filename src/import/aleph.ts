/** Sessions that Aleph exported as JSON lines. */
import { type ImportedMessage, importedMessage } from "../protocol/imported.ts";
import { conversationOf, type Fault, isFields, LeftOut, type Line, type Reading, readLines } from "./reading.ts";

export function isAleph({ fields }: Line): boolean {
  return Array.isArray(fields.parts) && typeof fields.content === "string" && "run_id" in fields;
}

export function readAleph(text: string): Reading {
  const faults: Fault[] = [];
  const messages: ImportedMessage[] = [];
  for (const { number, fields } of readLines(text, faults)) {
    const { id, role, parts, status, model = null, ts } = fields;
    const read = importedMessage.safeParse({
      entry: String(id),
      role,
      parts,
      // It went on when it was exported; here nothing goes on.
      status: status === "streaming" ? "interrupted" : status,
      model,
      ts,
    });
    if (read.success) messages.push(read.data);
    else {
      const [issue] = read.error.issues;
      faults.push({ line: number, message: `not a message: ${issue?.path.join(".")}: ${issue?.message}` });
    }
  }
  const [first] = messages;
  const conversations = first ? [conversationOf(nameOf(first), undefined, messages, undefined)] : [];
  return { source: "aleph", conversations, faults, leftOut: new LeftOut() };
}

/** The file does not say whose it is; its first message does. */
function nameOf({ entry, ts, parts }: ImportedMessage): string {
  const [part] = parts;
  const words = isFields(part) && "text" in part ? part.text : "";
  return new Bun.CryptoHasher("sha256").update(`${entry}\n${ts}\n${words}`).digest("hex").slice(0, 32);
}
