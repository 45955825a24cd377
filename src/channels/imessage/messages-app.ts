/** The Messages app of this Mac: read from its database, told by AppleScript what to send. */
import { realpath, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { isWithin } from "../../lib/is-within.ts";
import { temporaryFolder } from "../../lib/temporary-folder.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { IncomingMessage, OutgoingFile } from "../../sdk/channel.ts";
import { type DatabaseMessage, MessageDatabase } from "./message-database.ts";
import type { Place, PlaceMessage } from "./place.ts";

/** Runs a program to its end; nothing of what it is given is looked at by a shell. */
export type RunProgram = (
  argv: readonly string[],
  signal: AbortSignal,
) => Promise<{ readonly exitCode: number | null; readonly output: string }>;

export interface MessagesAppOptions {
  readonly userHome: string;
  readonly run: RunProgram;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** What is sent is an argument of the script, never a part of it. */
const SEND_TEXT =
  'on run argv\ntell application "Messages" to send (item 2 of argv) to chat id (item 1 of argv)\nend run';
const SEND_FILE =
  'on run argv\nset theFile to POSIX file (item 2 of argv)\ntell application "Messages" to send theFile to chat id (item 1 of argv)\nend run';

export class MessagesApp implements Place {
  readonly #o: MessagesAppOptions;
  readonly #database: MessageDatabase;

  constructor(options: MessagesAppOptions) {
    this.#o = options;
    this.#database = new MessageDatabase(join(options.userHome, "Library/Messages/chat.db"));
  }

  async last(): Promise<number> {
    return this.#database.last;
  }

  async after(mark: number): Promise<readonly PlaceMessage[]> {
    return this.#database.after(mark, this.#o.now()).map((message) => ({ mark: message.row, ...this.#read(message) }));
  }

  async sendText(chat: string, text: string): Promise<string> {
    await this.#script(SEND_TEXT, [chat, text]);
    return crypto.randomUUID();
  }

  /** Messages reads the file itself, and may do so after the script has ended: it stays for some time. */
  async sendFile(chat: string, { name, load }: OutgoingFile): Promise<string> {
    const folder = await temporaryFolder("aleph-imessage-", KEPT_MS);
    const path = join(folder, basename(name).replaceAll(/[^\w. -]/g, "_") || "file");
    await Bun.write(path, await load());
    try {
      await this.#script(SEND_FILE, [chat, path]);
    } catch (thrown) {
      await rm(folder, { recursive: true, force: true });
      throw thrown;
    }
    setTimeout(() => void rm(folder, { recursive: true, force: true }), KEPT_MS).unref();
    return crypto.randomUUID();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#database[Symbol.dispose]();
  }

  #read({ guid, chat, isGroup, groupName, sender, text, files }: DatabaseMessage): Omit<PlaceMessage, "mark"> {
    const incoming: Omit<IncomingMessage, "group"> = {
      id: guid,
      conversation: chat,
      sender: { id: sender },
      text,
      ...(files.length > 0
        ? {
            files: files.map(({ path, name, type, size }) => ({
              name,
              size,
              ...(type === undefined ? {} : { type }),
              load: () => this.#readFile(path),
            })),
          }
        : {}),
    };
    return { message: incoming, group: isGroup ? { id: chat, ...(groupName ? { name: groupName } : {}) } : undefined };
  }

  /** Only what Messages keeps: the database says where, and nothing else is to be read for whoever wrote into it. */
  async #readFile(path: string): Promise<Uint8Array> {
    const { userHome } = this.#o;
    const folder = join(userHome, "Library/Messages/Attachments");
    const file = await realpath(path.replace(/^~(?=\/)/, userHome)).catch((cause: unknown) => {
      throw new AlephError("not_found", "It is not on this Mac", { cause });
    });
    if (!isWithin(await realpath(folder), file))
      throw new AlephError("forbidden", "It is not an attachment of Messages");
    return await Bun.file(file).bytes();
  }

  async #script(script: string, args: readonly string[]): Promise<void> {
    const { run, signal } = this.#o;
    const { exitCode, output } = await run(["/usr/bin/osascript", "-e", script, ...args], signal);
    if (exitCode === 0) return;
    const said = output.trim().slice(0, 300);
    if (/-1743/.test(said)) {
      throw new AlephError("auth_failed", "macOS does not let Aleph use Messages", {
        data: { hint: "Allow it in the system's settings: Privacy & Security, Automation" },
      });
    }
    if (/-1728/.test(said)) throw new AlephError("not_found", `Messages knows no chat "${args[0]}"`);
    throw new AlephError("overloaded", `Messages says: ${said || "nothing"}`);
  }
}

const KEPT_MS = 10 * 60_000;
