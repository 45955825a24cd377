/** What the demo provider says and calls: a few walks, each a list of steps with one tool call. */
import type { ModelMessage, ModelRequest, ModelToolCall } from "../../sdk/provider.ts";

/** One reply: some text, and calls that are to be made before the next. */
export interface ScriptedReply {
  readonly text: string;
  readonly calls: readonly Pick<ModelToolCall, "tool" | "args">[];
}

/** How a call ended, as the next step sees it. */
interface Outcome {
  readonly ok: boolean;
  /** The first lines of the result, short enough to quote. */
  readonly text: string;
}

interface Step {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Said before the call. */
  readonly intro: string;
  /** Said about the result. */
  readonly remark: (outcome: Outcome) => string;
}

const FILE = "aleph-demo.md";

const TIME: Step = {
  tool: "time",
  args: {},
  intro: "I ask for the time, with `time`.",
  remark: ({ ok, text }) => (ok ? `It is ${text}. A model has no clock of its own; it has to ask.` : failed(text)),
};
const TODO: Step = {
  tool: "todo",
  args: {
    action: "set",
    items: [
      { text: "Try the demo", status: "done" },
      { text: "Add a real model", status: "pending" },
    ],
  },
  intro: "I begin a list of two entries, with `todo`.",
  remark: ({ ok, text }) =>
    ok ? "The list is kept with this session, so that a long task does not get lost." : failed(text),
};
const WRITE: Step = {
  tool: "write",
  args: { path: FILE, content: "# Demo\n\nThe demo provider of Aleph wrote this file.\n" },
  intro: `I write a small file, \`${FILE}\`, into the workspace.`,
  remark: ({ ok, text }) =>
    ok ? "The file is there. Tools see the workspace and nothing outside of it." : failed(text),
};
const READ: Step = {
  tool: "read",
  args: { path: FILE },
  intro: "I read it back.",
  remark: ({ ok, text }) => (ok ? `It says:\n\n${quote(text)}` : failed(text)),
};
const EDIT: Step = {
  tool: "edit",
  args: { path: FILE, old_text: "wrote this file", new_text: "wrote and then changed this file" },
  intro: "I change a line of it, with `edit`.",
  remark: ({ ok, text }) =>
    ok ? "Changed. An edit names the old text, so that it cannot hit the wrong place." : failed(text),
};
const LIST: Step = {
  tool: "list",
  args: {},
  intro: "I look at what is in the workspace.",
  remark: ({ ok, text }) => (ok ? `In the workspace:\n\n${quote(text)}` : failed(text)),
};
const EXEC_READ: Step = {
  tool: "exec",
  args: { command: "ls -l" },
  intro: "A command that only reads, `ls -l`, needs no question.",
  remark: ({ ok, text }) => (ok ? `It ran at once:\n\n${quote(text)}` : failed(text)),
};
const EXEC_ASK: Step = {
  tool: "exec",
  args: { command: "mkdir -p aleph-demo" },
  intro: "A command that changes something, `mkdir -p aleph-demo`, waits for you. Please allow or deny it.",
  remark: ({ ok, text }) =>
    ok ? "You allowed it, and it ran." : `It did not run: ${text}\n\nThat is how it should be when nobody allows it.`,
};
const WEB: Step = {
  tool: "web_fetch",
  args: { url: "https://example.com/" },
  intro: "I fetch a page from the web: https://example.com/.",
  remark: ({ ok, text }) =>
    ok
      ? `It came back and begins so:\n\n${quote(text)}`
      : `It did not come: ${text}\n\nWithout a network that is to be expected.`,
};

const WALKS: Readonly<Record<string, { readonly about: string; readonly steps: readonly Step[] }>> = {
  demo: {
    about: "one call of each kind",
    steps: [TIME, TODO, WRITE, READ, EXEC_READ, EXEC_ASK, WEB],
  },
  "demo files": { about: "write, read, edit and list files", steps: [WRITE, READ, EDIT, LIST] },
  "demo exec": { about: "a command that runs at once and one that asks you first", steps: [EXEC_READ, EXEC_ASK] },
  "demo web": { about: "fetch a page", steps: [WEB] },
  "demo todo": { about: "keep a list", steps: [TODO] },
  "demo time": { about: "ask for the time", steps: [TIME] },
};

/**
 * `call weather {"place": "Berlin"}`: so a tool that somebody wrote can be tried before there is a model. In the first
 * paragraph: below it a plugin may have added something.
 */
const CALL = /^\s*call\s+`?([A-Za-z0-9_-]{1,64})`?(?:\s+(\{[\s\S]*\}))?\s*$/;

/** The reply to a conversation: the same one each time, made from the messages alone. */
export function scriptedReply({ messages, tools }: Pick<ModelRequest, "messages" | "tools">): ScriptedReply {
  const asked = messages.findLastIndex((message) => message.role === "user");
  const word = normalize(messages[asked]);
  const available = new Set(tools.map(({ name }) => name));
  const [, tool, args = "{}"] = CALL.exec(textOf(messages[asked]).split("\n\n")[0]!) ?? [];
  if (tool !== undefined) return calledReply(tool, args, available, messages.at(-1));
  const walk = Object.hasOwn(WALKS, word) ? WALKS[word] : undefined;
  const steps = walk?.steps.filter(({ tool }) => available.has(tool)) ?? [];
  if (walk === undefined) return { text: help(word, available), calls: [] };
  if (steps.length === 0) return { text: `This session has none of the tools that \`${word}\` shows.`, calls: [] };

  const results = messages.slice(asked + 1).filter((message) => message.role === "tool");
  const next = steps[results.length];
  const before = steps[results.length - 1];
  const last = results.at(-1);
  const remark =
    before === undefined || last === undefined ? opening(walk.steps, steps) : before.remark(outcomeOf(last));
  if (next === undefined) {
    const end = `${remark}\n\nThat was the walk. All of it followed a script; a real model would choose its own steps. Type \`help\` to see how to add one.`;
    return { text: end, calls: [] };
  }
  return { text: `${remark}\n\n${next.intro}`, calls: [{ tool: next.tool, args: next.args }] };
}

function calledReply(
  tool: string,
  json: string,
  available: ReadonlySet<string>,
  last: ModelMessage | undefined,
): ScriptedReply {
  if (last?.role === "tool") {
    const { ok, text } = outcomeOf(last);
    return { text: ok ? `It gave back:\n\n${quote(text)}` : failed(text), calls: [] };
  }
  if (!available.has(tool)) {
    const names = [...available].map((name) => `\`${name}\``).join(", ");
    return { text: `This session has no tool \`${tool}\`. It has ${names === "" ? "none" : names}.`, calls: [] };
  }
  try {
    return { text: `I call \`${tool}\`, as you say.`, calls: [{ tool, args: JSON.parse(json) }] };
  } catch {
    return { text: `What stands behind \`${tool}\` is no JSON object.`, calls: [] };
  }
}

function opening(all: readonly Step[], present: readonly Step[]): string {
  const begin = "I follow a script, but the tools are real.";
  const missing = all.filter((step) => !present.includes(step)).map(({ tool }) => `\`${tool}\``);
  return missing.length === 0
    ? begin
    : `${begin} I leave out ${[...new Set(missing)].join(", ")}: not in this session.`;
}

function help(word: string, available: ReadonlySet<string>): string {
  const walks = Object.entries(WALKS).filter(([, { steps }]) => steps.some(({ tool }) => available.has(tool)));
  const hello =
    word === "help" || word === ""
      ? "I am the demo provider of Aleph: a script, not a language model."
      : "I cannot answer that: I am the demo provider of Aleph, a script and not a language model. No model is set up yet.";
  const tour =
    walks.length === 0
      ? []
      : [
          "",
          "To see the tools at work, type one of these:",
          "",
          ...walks.map(([name, { about }]) => `- \`${name}\`: ${about}`),
          "- `call <tool> <JSON>`: a tool of your choice, such as one of a plugin",
        ];
  return [
    hello,
    "",
    "To talk to a real model, do one of these:",
    "",
    "- Run `aleph wizard`. It asks for a key, tests it with a real call and writes the configuration.",
    "- Set `ANTHROPIC_API_KEY`, `OPENAI_API_KEY` or `GEMINI_API_KEY` in the environment and start Aleph again.",
    "- Start Ollama on this machine. Aleph finds it by itself within a minute.",
    ...tour,
  ].join("\n");
}

function normalize(message: ModelMessage | undefined): string {
  return textOf(message)
    .toLowerCase()
    .replace(/[^a-z ]+/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

function textOf(message: ModelMessage | undefined): string {
  if (message?.role !== "user") return "";
  return message.content.map((part) => (part.type === "text" ? part.text : "")).join(" ");
}

function outcomeOf(message: Extract<ModelMessage, { role: "tool" }>): Outcome {
  const text = message.content.map((part) => (part.type === "text" ? part.text : "")).join("");
  // What is between the marks of content from outside.
  const all = text.trim().split("\n");
  const lines = (message.untrusted ? all.slice(1, -1) : all).slice(0, 8).join("\n");
  return { ok: message.ok, text: lines.length > 400 ? `${lines.slice(0, 400)}…` : lines };
}

function quote(text: string): string {
  return text
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
}

function failed(text: string): string {
  return `That did not work: ${text}`;
}
