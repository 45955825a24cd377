/**
 * What takes the place of a model that takes notes: it keeps the sentences that begin with FACT: or INSTRUCTION:, by rule. So a test
 * says what our own code lets through and keeps; how well a model takes notes is another question.
 */

// biome-ignore lint/suspicious/noExplicitAny: the vendor's JSON as it came
export function isAskedForNotes(body: any): boolean {
  return textOf(body.messages[0]).startsWith("You take notes of a conversation");
}

// biome-ignore lint/suspicious/noExplicitAny: as above
export function notesByRule(body: any): string {
  const said = textOf(body.messages.at(-1));
  const all = (word: string) => [...new Set([...said.matchAll(new RegExp(`${word}: [^.\\n]+\\.`, "g"))].map(String))];
  const section = (heading: string, lines: readonly string[]) => [`## ${heading}`, ...lines.map((line) => `- ${line}`)];
  return [
    ...section("Goal", ["to talk on"]),
    ...section("Instructions", all("INSTRUCTION")),
    ...section("Facts", all("FACT")),
  ].join("\n");
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function textOf({ content }: any): string {
  return typeof content === "string" ? content : content.map(({ text = "" }: { text?: string }) => text).join("\n");
}
