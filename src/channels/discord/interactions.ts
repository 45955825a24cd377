/** Slash commands and buttons: what Discord waits three seconds for, answered at once and said at length afterwards. */
import type { REST } from "@discordjs/rest";
import type {
  APIApplicationCommandInteraction,
  APIChatInputApplicationCommandInteraction,
  APIInteraction,
  APIMessageComponentInteraction,
  RESTPostAPIInteractionCallbackWithResponseResult,
  RESTPutAPIApplicationCommandsJSONBody,
} from "discord-api-types/v10";
import { describeError, type Log } from "../../lib/log.ts";
import type { Chat, IncomingMessage } from "../../sdk/channel.ts";
import type { SlashWord } from "../../sdk/command.ts";
import { discordError } from "./failures.ts";
import { nameOf, placeIn } from "./inbound.ts";
import { NO_PINGS, WITHOUT_PREVIEWS } from "./outbound.ts";

export interface InteractionsOptions {
  readonly rest: Pick<REST, "post" | "patch" | "delete">;
  readonly application: string;
  readonly chat: Chat;
  readonly log: Log;
}

/** Kinds of interactions, and of answers to them. */
const COMMAND = 2;
const BUTTON = 3;
const ANSWER_LATER = 5;
const CHANGE_LATER = 6;
/** Seen by who asked alone. */
const EPHEMERAL = 1 << 6;

/** Commands whose answers are shown as answers to what was asked. */
const REMEMBERED = 1000;
const SHOWN = 1900;

export class Interactions {
  readonly #o: InteractionsOptions;
  /** By the id that a command has as a message: the message that shows it. */
  readonly #shown = new Map<string, string>();

  constructor(options: InteractionsOptions) {
    this.#o = options;
  }

  /** The message that an answer to `id` refers to; nothing when there is none. */
  shownAs(id: string): string | undefined {
    return isCommandId(id) ? this.#shown.get(id) : id;
  }

  /** Rejects when a command could not be kept. */
  async take(interaction: APIInteraction): Promise<void> {
    if (interaction.type === COMMAND) await this.#command(interaction);
    else if (interaction.type === BUTTON) await this.#press(interaction);
  }

  async #command(interaction: APIApplicationCommandInteraction): Promise<void> {
    const message = readCommand(interaction);
    if (!message) return;
    const { log, chat, rest } = this.#o;
    // Before it is taken: the answer is to refer to it. What is late, or comes a second time, is answered all the same.
    const isShown = await this.#show(message.id, interaction).catch((thrown: unknown) => {
      log.debug("command could not be shown", describeError(discordError(thrown)));
      return false;
    });
    const { taken } = await chat.receive(message);
    if (!isShown) return;
    const original = this.#original(interaction.token);
    const said = { content: quoteOf(message.text), allowed_mentions: NO_PINGS, flags: WITHOUT_PREVIEWS };
    await (taken ? rest.patch(original, { auth: false, body: said }) : rest.delete(original, { auth: false })).catch(
      (thrown: unknown) => log.debug("command could not be shown", describeError(discordError(thrown))),
    );
  }

  /** Whether Discord shows now that an answer comes. */
  async #show(id: string, interaction: APIInteraction): Promise<boolean> {
    const query = new URLSearchParams({ with_response: "true" });
    const body = { type: ANSWER_LATER, data: { allowed_mentions: NO_PINGS } };
    const made = (await this.#o.rest.post(callback(interaction), { auth: false, body, query })) as
      | RESTPostAPIInteractionCallbackWithResponseResult
      | undefined;
    const shown = made?.resource?.message?.id ?? made?.interaction.response_message_id;
    if (shown !== undefined) {
      if (this.#shown.size >= REMEMBERED) this.#shown.delete(this.#shown.keys().next().value!);
      this.#shown.set(id, shown);
    }
    return true;
  }

  async #press(interaction: APIMessageComponentInteraction): Promise<void> {
    const { log, chat, rest, application } = this.#o;
    const { token, channel, data } = interaction;
    const user = interaction.member?.user ?? interaction.user;
    if (!user) return;
    const [, { text, settled }] = await Promise.all([
      rest.post(callback(interaction), { auth: false, body: { type: CHANGE_LATER } }).catch(this.#unshown),
      chat.press({
        conversation: channel.id,
        sender: { id: user.id, name: nameOf(user) },
        value: data.custom_id,
      }),
    ]);
    const told = { content: text.slice(0, 2000).toWellFormed(), flags: EPHEMERAL, allowed_mentions: NO_PINGS };
    await Promise.all([
      settled ? rest.patch(this.#original(token), { auth: false, body: { components: [] } }).catch(this.#unshown) : {},
      rest.post(`/webhooks/${application}/${token}`, { auth: false, body: told }).catch(this.#unshown),
    ]);
    log.debug("button pressed", { settled });
  }

  /** What was answered is; whether it is also shown changes nothing. */
  readonly #unshown = (thrown: unknown): void => {
    this.#o.log.debug("press could not be shown", describeError(discordError(thrown)));
  };

  #original(token: string): `/${string}` {
    return `/webhooks/${this.#o.application}/${token}/messages/@original`;
  }
}

function callback({ id, token }: APIInteraction): `/${string}` {
  return `/interactions/${id}/${token}/callback`;
}

const COMMAND_ID = "command:";

function isCommandId(id: string): boolean {
  return id.startsWith(COMMAND_ID);
}

/** `/ask what now` as the text `what now`, all others as they are typed. */
function readCommand(interaction: APIApplicationCommandInteraction): IncomingMessage | undefined {
  const { data, channel, guild_id, member } = interaction;
  const user = member?.user ?? interaction.user;
  if (data.type !== 1 || !user || !channel) return undefined;
  const text = textOf(data);
  return {
    id: `${COMMAND_ID}${interaction.id}`,
    conversation: channel.id,
    sender: { id: user.id, name: member?.nick ?? nameOf(user) },
    text: data.name === ASK.name ? text : `/${data.name} ${text}`.trim(),
    ...(guild_id === undefined ? {} : { group: { ...placeIn(channel), addressed: true } }),
  };
}

function textOf({ options = [] }: APIChatInputApplicationCommandInteraction["data"]): string {
  const option = options.find(({ name }) => name === TEXT);
  return option && "value" in option ? String(option.value).trim() : "";
}

/** Others do not see what stood behind the command. */
function quoteOf(text: string): string {
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN).toWellFormed()}…` : text;
  return shown
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n")
    .slice(0, 2000)
    .toWellFormed();
}

const TEXT = "text";
const ASK = { name: "ask", description: "Asks something" };
const NAME = /^[a-z0-9_-]{1,32}$/;
/** Discord takes so many. */
const MOST = 100;
/** In servers and in private with the bot, for what is added to a server. */
const WHERE = { contexts: [0, 1], integration_types: [0] };

/** What Discord is told of the commands that can be typed. */
export function commandsOf(words: readonly SlashWord[]): RESTPutAPIApplicationCommandsJSONBody {
  const text = (required: boolean) => ({
    type: 3 as const,
    name: TEXT,
    description: required ? "What to ask" : "What stands behind the command",
    required,
    max_length: 6000,
  });
  const others = words
    .filter(({ word, description }) => NAME.test(word) && word !== ASK.name && description !== "")
    .slice(0, MOST - 1)
    .map(({ word, description }) => ({
      name: word,
      description: description.slice(0, 100).toWellFormed(),
      options: [text(false)],
    }));
  return [{ ...ASK, options: [text(true)] }, ...others].map((command) => ({ type: 1, ...command, ...WHERE }));
}
