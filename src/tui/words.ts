/** Numbers, names and keys as the terminal interface writes them. */
import { formatDuration } from "../lib/human-units.ts";
import type { Usage } from "../protocol/message.ts";
import type { WireSession } from "../protocol/session.ts";
import { MAIN_SESSION_KEY } from "../protocol/session-key.ts";
import { clean } from "./line.ts";

/** `0.4 s`; from a minute on as everywhere. */
export function elapsed(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : formatDuration(ms);
}

/** `980`, `12.3k`, `1.2M`. */
export function tokens(count: number): string {
  if (count < 1000) return String(count);
  if (count < 999_500) return `${(count / 1000).toFixed(count < 9950 ? 1 : 0)}k`;
  return `${(count / 1_000_000).toFixed(1)}M`;
}

export function money(usd: number): string {
  return `$${usd === 0 || usd >= 0.995 ? usd.toFixed(2) : usd.toPrecision(2)}`;
}

/** Null where nothing was used. */
export function usageWords({ input, output, cache_read, cache_write, cost_usd }: Usage): string | null {
  const read = input + cache_read + cache_write;
  if (read + output === 0) return null;
  return `${tokens(read)} in, ${tokens(output)} out · ${cost_usd === null ? "price not known" : money(cost_usd)}`;
}

export function titleOf({ title, session_key: key }: Pick<WireSession, "title" | "session_key">): string {
  if (title !== null) return clean(title).replaceAll("\n", " ");
  if (key === MAIN_SESSION_KEY) return "Main conversation";
  return /^agent:[^:]+:chat:/.test(key) ? "New conversation" : key;
}

/** `now`, `5 min`, `2 d`. */
export function age(then: number, now: number): string {
  return now - then < 60_000 ? "now" : formatDuration(now - then);
}

export const KEYS: readonly (readonly [title: string, keys: readonly (readonly [key: string, what: string])[]])[] = [
  [
    "Write",
    [
      ["Enter", "send; while an answer is written, it waits its turn"],
      ["Ctrl+G", "send into the answer that is being written"],
      ["Alt+Enter, Ctrl+J", "a new line"],
      ["Up, Down", "earlier messages, at the first and last line"],
      ["/", "commands"],
      ["@", "attach a file"],
      ["Ctrl+W, Ctrl+U, Ctrl+K", "erase a word, to the start, to the end"],
    ],
  ],
  [
    "Read",
    [
      ["PgUp, PgDn, wheel", "scroll"],
      ["Ctrl+Home, Ctrl+End", "to the beginning, to the newest"],
      ["Tab", "from the message to the conversation, to the list"],
      ["Up, Down, Enter", "in the conversation: choose a card and open it"],
      ["Ctrl+O", "open or fold all cards"],
    ],
  ],
  [
    "Do",
    [
      ["Ctrl+C", "stop the answer; twice leaves"],
      ["Esc", "back to the message; closes what is open"],
      ["y, s, a, n", "answer an approval: once, this session, always, no"],
      ["Ctrl+N", "a new conversation"],
      ["Ctrl+P", "choose a conversation"],
      ["Ctrl+F", "search what was said"],
      ["Ctrl+L", "choose the model"],
      ["Ctrl+B, Ctrl+T", "show or hide the list, the tools"],
      ["F2, Delete", "in the list: rename, delete"],
      ["?", "these keys, when nothing is written"],
      ["Ctrl+D", "leave, when nothing is written"],
    ],
  ],
];

export interface OwnCommand {
  readonly word: string;
  readonly description: string;
}

export const COMMANDS: readonly OwnCommand[] = [
  { word: "new", description: "begin a new conversation" },
  { word: "sessions", description: "choose a conversation" },
  { word: "search", description: "search what was said" },
  { word: "model", description: "choose the model" },
  { word: "rename", description: "give this conversation a name" },
  { word: "delete", description: "delete this conversation" },
  { word: "stop", description: "stop the answer" },
  { word: "theme", description: "dark or light" },
  { word: "help", description: "list the keys" },
  { word: "quit", description: "leave" },
];
