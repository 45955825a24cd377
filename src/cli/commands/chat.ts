/** `aleph chat`: a message from the command line or a pipe, or a conversation at the prompt. */
import type { Client, Params } from "../../client/client.ts";
import type { ThinkingLevel } from "../../protocol/message.ts";
import { defineCommand, type Invocation } from "../command.ts";
import { withClient } from "../connection.ts";
import { createLink, type Link } from "../conversation/link.ts";
import { usageError, writeHint } from "../failure.ts";
import { homeOf, jsonFlag, serverFlags } from "../flags.ts";
import type { Output } from "../terminal.ts";

/** Written out here: the protocol's own list comes with a schema library that help and completion need not load. */
const LEVELS: readonly ThinkingLevel[] = ["off", "low", "medium", "high"];

export const chat = defineCommand({
  summary: "Talk to the agent: one message, or a conversation at the prompt",
  details:
    "The message comes from the arguments, from standard input, or both. Without a message a terminal gets a prompt.\nWorks with and without a running server. On a pipe nobody can be asked, so what needs approval is denied (exit code 77).",
  args: {
    message: { type: "positional", required: false, rest: true, description: "what to say" },
    session: {
      type: "string",
      alias: "s",
      valueHint: "key",
      description: "go on in this session instead of agent:main:main",
      completion: "sessions",
    },
    new: { type: "boolean", alias: "n", description: "begin a new conversation" },
    model: {
      type: "string",
      alias: "m",
      valueHint: "name",
      description: "the model to ask: provider/model, an id or an alias",
      completion: "models",
    },
    thinking: { type: "enum", options: [...LEVELS], description: "how long the model may think" },
    "thinking-text": { type: "boolean", description: "show what the model thinks" },
    attach: {
      type: "string",
      alias: "a",
      valueHint: "file",
      repeatable: true,
      description: "send this file along",
      completion: "file",
    },
    ...jsonFlag,
    ...serverFlags,
  },
  examples: [
    ["aleph chat", "a conversation at the prompt"],
    ['aleph chat "What is in my workspace?"', "one message, the answer streams"],
    ['git diff | aleph chat "Review this"', "a message with standard input below it"],
  ],
  async run(args, invocation): Promise<number> {
    const { terminal, env } = invocation;
    if (args.new && args.session)
      throw usageError("--new and --session contradict each other", "Leave one of them out");
    const attachments = await loadAttachments(invocation.all("attach"));
    const message = await composeMessage(args._, invocation);
    const atPrompt = message === undefined && terminal.interactive && terminal.out.isTerminal && !args.json;
    if (message === undefined && !atPrompt) {
      throw usageError("There is no message", `Give one: ${invocation.program} chat "Hello", or pipe it in`);
    }
    if (atPrompt && attachments.length > 0)
      throw usageError("--attach needs a message", 'For example: chat --attach photo.jpg "What is this?"');

    const link = createLink({ notice: (text) => terminal.err.write(`\n${text}\n`) });
    const use = async ({ client }: { client: Client }): Promise<number> => {
      const sessionKey = args.new ? (await client.call("session.create", {})).session_key : args.session;
      const thinking = args.thinking ? { thinking: args.thinking as ThinkingLevel } : {};
      if (atPrompt) {
        const { converse } = await import("../conversation/interactive.ts");
        const place = { sessionKey, model: args.model };
        const home = homeOf(args, env);
        return converse({
          client,
          link,
          terminal,
          home,
          params: thinking,
          place,
          thinking: args["thinking-text"] === true,
        });
      }
      checkSize(client, attachments);
      const params = {
        message: message!,
        ...thinking,
        ...(sessionKey ? { session_key: sessionKey } : {}),
        ...(args.model ? { model: args.model } : {}),
        ...(attachments.length > 0 ? { attachments } : {}),
      };
      return sendOne(
        { client, link, params, thinking: args["thinking-text"] === true, json: args.json === true },
        invocation,
      );
    };
    return withClient(args, invocation, use, { reconnect: true, recover: true, onState: link.onState });
  },
});

interface Message {
  readonly client: Client;
  readonly link: Link;
  readonly params: Params<"agent.run">;
  readonly thinking: boolean;
  readonly json: boolean;
}

async function sendOne({ client, link, params, thinking, json }: Message, { terminal }: Invocation): Promise<number> {
  const { RunFollower } = await import("../conversation/followed-run.ts");
  const { exitCodeOfTurn, runTurn } = await import("../conversation/turn.ts");
  const { printableJson, printableLine } = await import("../../lib/terminal-text.ts");
  using follower = await RunFollower.open(client, link);
  const write = (value: unknown) => terminal.out.write(`${printableJson(value)}\n`);
  const result = await runTurn({
    client,
    follower,
    terminal,
    params,
    thinking,
    ...(json ? { onEvent: write } : {}),
    onLeftOver: (line) => terminal.err.write(`Not sent: ${printableLine(line)}\n`),
  });
  const { runId, sessionKey, status, text, usage, error } = result;
  if (json)
    write({ result: { run_id: runId, session_key: sessionKey, status, text, usage, ...(error ? { error } : {}) } });
  if (error) {
    terminal.err.write(`${terminal.err.style.red("Error:")} ${printableLine(error.message)}\n`);
    if (error.hint !== undefined) writeHint(terminal.err, error.hint);
  }
  if (!error && status !== "completed") terminal.err.write(`The run was ${status}\n`);
  return exitCodeOfTurn(result);
}

const MAX_MESSAGE = 1_000_000;
/** Programs that call this one often leave a pipe open behind which nobody is. */
const PATIENCE_MS = 5_000;

/** The arguments, with standard input below them. Nothing when there is neither. */
async function composeMessage(words: readonly string[], { terminal }: Invocation): Promise<string | undefined> {
  const typed = words.join(" ");
  const piped = terminal.input.isTTY ? "" : await readPiped(terminal.err, typed !== "");
  const message = [typed, piped.trimEnd()].filter((part) => part.trim() !== "").join("\n\n");
  return message === "" ? undefined : message;
}

/** With a message in the arguments there need be nothing on standard input. */
async function readPiped(err: Output, optional: boolean): Promise<string> {
  const { readStandardInput } = await import("../standard-input.ts");
  const text = await readStandardInput({
    limit: MAX_MESSAGE,
    onWaiting: () => err.write("Waiting for standard input …\n"),
    ...(optional ? { patienceMs: PATIENCE_MS } : {}),
  });
  if (text === undefined)
    err.write("Nothing came on standard input; going on without it. Use </dev/null where there is none\n");
  return text ?? "";
}

type Attachment = NonNullable<Params<"agent.run">["attachments"]>[number];

const MAX_ATTACHMENTS = 20;

async function loadAttachments(paths: readonly string[]): Promise<Attachment[]> {
  if (paths.length === 0) return [];
  if (paths.length > MAX_ATTACHMENTS) {
    throw usageError(`${paths.length} attachments are too many`, `At most ${MAX_ATTACHMENTS} go with one message`);
  }
  const { readAttachment } = await import("../attachment.ts");
  return Promise.all(paths.map(readAttachment));
}

/** Base64 and the frame around it must fit into what the server takes. */
function checkSize(client: Client, attachments: readonly Attachment[]): void {
  const size = attachments.reduce((sum, { data }) => sum + data.length, 0);
  const room = client.hello.policy.max_payload - 64 * 1024;
  if (size <= room) return;
  throw usageError(
    "The attachments are too large for one message",
    `Together they may have ${Math.floor((room * 0.75) / 1e6)} MB; gateway.max_payload in config.toml sets the limit`,
  );
}
