/** What may be typed at the prompt besides messages. */
import type { Client, Result } from "../../client/client.ts";
import { nearest } from "../../lib/nearest.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { AlephError } from "../../protocol/errors.ts";
import { formatAgo } from "../format.ts";
import { writeTable } from "../table.ts";
import type { Output } from "../terminal.ts";

/** The conversation that the prompt is in; slash commands change it. */
export interface Place {
  sessionKey: string | undefined;
  model: string | undefined;
}

interface SlashCommand {
  readonly argument?: string;
  readonly summary: string;
}

export const SLASH_COMMANDS: Readonly<Record<string, SlashCommand>> = {
  "/new": { summary: "begin a new conversation" },
  "/model": { argument: "NAME", summary: "use this model from here on; without a name, list them" },
  "/sessions": { argument: "KEY", summary: "go to this session; without a key, list them" },
  "/stop": { summary: "stop what runs in this session" },
  "/help": { summary: "show this" },
  "/quit": { summary: "leave; so does Ctrl-D" },
};

const LISTED = 40;

export interface SlashContext {
  readonly client: Client;
  readonly output: Output;
  readonly place: Place;
}

/** What to do now; `send`: the line is a message, which calls something of the server. */
export type SlashResult = "stay" | "leave" | "send";

/** Throws `AlephError` for what does not work out. */
export async function runSlash(line: string, { client, output, place }: SlashContext): Promise<SlashResult> {
  const [name = "", argument = ""] = line.trim().split(/\s+(.*)/s);
  const say = (text: string) => output.write(`${output.style.dim(text)}\n`);
  switch (name) {
    case "/new": {
      const { session_key } = await client.call("session.create", {});
      place.sessionKey = session_key;
      say(`New conversation: ${session_key}`);
      return "stay";
    }
    case "/model":
      if (argument === "") await listModels(client, output, place.model);
      else {
        place.model = argument;
        say(`From here on: ${printableLine(argument)}`);
      }
      return "stay";
    case "/sessions":
      if (argument === "") await listSessions(client, output, place.sessionKey);
      else {
        const { session_key, title, message_count } = await client.call("session.get", { session_key: argument });
        place.sessionKey = session_key;
        say(`${session_key}${title ? `  ${printableLine(title)}` : ""}, ${message_count} messages`);
      }
      return "stay";
    case "/stop":
      say(await stopSession(client, place.sessionKey));
      return "stay";
    case "/help":
      for (const [own, { argument: word, summary }] of Object.entries(SLASH_COMMANDS)) {
        output.write(`  ${`${own}${word ? ` [${word}]` : ""}`.padEnd(18)} ${summary}\n`);
      }
      for (const { word, description } of await serverWords(client)) {
        output.write(`  ${`/${word}`.padEnd(18)} ${printableLine(description)}\n`);
      }
      say(
        "Alt+Enter or a backslash at the end of a line goes on with the next line; Tab completes; Ctrl-C stops a run",
      );
      return "stay";
    case "/quit":
    case "/exit":
      return "leave";
    default: {
      const words = await serverWords(client);
      if (words.some((each) => namesOf(each).includes(name))) return "send";
      const meant = nearest(name, [...Object.keys(SLASH_COMMANDS), ...words.map(({ word }) => `/${word}`)]);
      const hint = meant
        ? `Did you mean ${meant}?`
        : "/help lists what there is; begin with a space to send it as a message";
      throw new AlephError("invalid_params", `There is no ${name}`, { data: { hint } });
    }
  }
}

type ServerWord = Result<"plugins.commands">["commands"][number];

/** What the server answers to, and its plugins; the prompt's own words go first. */
async function serverWords(client: Client): Promise<readonly ServerWord[]> {
  const { commands } = await client.call("plugins.commands", {});
  return commands.filter(({ word }) => !Object.hasOwn(SLASH_COMMANDS, `/${word}`));
}

/** A plugin's command that goes by its name alone can be called by its plugin too. */
function namesOf({ word, plugin_id, kind }: ServerWord): readonly string[] {
  return kind === "command" && plugin_id !== null ? [`/${word}`, `/${plugin_id}:${word}`] : [`/${word}`];
}

async function stopSession(client: Client, sessionKey: string | undefined): Promise<string> {
  const key = sessionKey ?? "agent:main:main";
  const { sessions } = await client.call("runs.queue", {});
  const found = sessions.find(({ session_key }) => session_key === key);
  const runs = found ? [...found.queued_runs, ...(found.active_run === null ? [] : [found.active_run])] : [];
  for (const run_id of runs) await client.call("agent.cancel", { run_id });
  return runs.length === 0
    ? "Nothing runs in this session"
    : `Stopped ${runs.length === 1 ? "the run" : `${runs.length} runs`}`;
}

async function listModels(client: Client, output: Output, current: string | undefined): Promise<void> {
  const { models, errors } = await client.call("models.list", {});
  for (const { ref } of models.slice(0, LISTED)) output.write(`${ref === current ? "*" : " "} ${printableLine(ref)}\n`);
  if (models.length > LISTED) output.write(`  … and ${models.length - LISTED} more; Tab completes their names\n`);
  for (const { provider, error } of errors) {
    output.write(`${output.style.yellow(printableLine(`${provider}: ${error.message}`))}\n`);
  }
}

async function listSessions(client: Client, output: Output, current: string | undefined): Promise<void> {
  const { sessions } = await client.call("session.list", { limit: 20 });
  const now = Date.now();
  if (sessions.length === 0) output.write("No sessions yet\n");
  else
    writeTable(output, sessions, [
      { title: "", value: ({ session_key }) => (session_key === (current ?? "agent:main:main") ? "*" : "") },
      { title: "SESSION", value: ({ session_key }) => session_key },
      { title: "TITLE", value: ({ title }) => title, flexible: true },
      { title: "LAST USED", value: ({ updated_at }) => formatAgo(updated_at, now) },
    ]);
}

/** Whole lines that `line` could become. */
export async function completeSlash(line: string, client: Client): Promise<readonly string[]> {
  if (!line.startsWith("/")) return [];
  const [name = "", argument] = line.split(/\s+(.*)/s);
  if (argument === undefined) {
    const own = Object.entries(SLASH_COMMANDS).map(([word, command]) => (command.argument ? `${word} ` : word));
    const others = (await serverWords(client)).map(({ word }) => `/${word}`);
    return [...own, ...others].filter((word) => word.startsWith(name));
  }
  const values = await argumentsOf(name, client);
  return values.filter((value) => value.startsWith(argument)).map((value) => `${name} ${printableLine(value)}`);
}

async function argumentsOf(name: string, client: Client): Promise<readonly string[]> {
  if (name === "/model") return (await client.call("models.list", {})).models.map(({ ref }) => ref);
  if (name === "/sessions")
    return (await client.call("session.list", {})).sessions.map(({ session_key }) => session_key);
  return [];
}
