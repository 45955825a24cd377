/** How the model is told of the skills that it may load: their names, and what they are for. */
import type { Skills } from "./skills.ts";

/** A list that is longer pushes the conversation out; what each is for is cut before any is left out. */
const MAX_CHARACTERS = 8_000;
const SHORT = 120;

const HEAD = [
  "Skills are instructions for kinds of work, written by others. Load one with the tool `skill` before work that it is for.",
  "A skill gives no rights: what needed a question before needs it still.",
].join(" ");

/** What goes into the prompt of a run, and the skill that its message begins with: `/name`. */
export async function aboutSkills(
  skills: Pick<Skills, "active">,
  {
    agent,
    message,
    tools,
  }: { readonly agent: string; readonly message: () => string; readonly tools: ReadonlySet<string> },
): Promise<{ readonly prompts: readonly string[]; readonly named: string | undefined }> {
  if (!tools.has("skill")) return { prompts: [], named: undefined };
  const active = await skills.active(agent);
  if (active.length === 0) return { prompts: [], named: undefined };
  const [first] = message().trimStart().split(/\s/, 1);
  return { prompts: skillPrompt(active), named: active.find(({ name }) => first === `/${name}`)?.name };
}

function skillPrompt(skills: readonly { readonly name: string; readonly description: string }[]): readonly string[] {
  const full = skills.map(({ name, description }) => `- ${name}: ${description}`);
  const lines =
    sizeOf(full) <= MAX_CHARACTERS ? full : skills.map(({ name, description }) => `- ${name}: ${cut(description)}`);
  const kept: string[] = [];
  let size = 0;
  for (const line of lines) {
    size += line.length + 1;
    if (size > MAX_CHARACTERS) break;
    kept.push(line);
  }
  const left = lines.length - kept.length;
  return [[HEAD, ...kept, ...(left > 0 ? [`- and ${left} more, whose names the person may know`] : [])].join("\n")];
}

function sizeOf(lines: readonly string[]): number {
  return lines.reduce((size, line) => size + line.length + 1, 0);
}

function cut(text: string): string {
  return text.length <= SHORT ? text : `${text.slice(0, SHORT).toWellFormed()}…`;
}
