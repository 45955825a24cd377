/** What a conversation is called, and in which part of the list it stands. */
import type { WireSession } from "../../protocol/session.ts";
import { MAIN_SESSION_KEY } from "../../protocol/session-key.ts";
import type { StringKey } from "../i18n/languages.ts";
import type { Translate } from "../i18n/translate.ts";

export function titleOf({ title, session_key: key }: Pick<WireSession, "title" | "session_key">, t: Translate): string {
  if (title !== null) return title;
  if (key === MAIN_SESSION_KEY) return t("session.main");
  return /^agent:[^:]+:chat:/.test(key) ? t("session.untitled") : key;
}

export type Age = Extract<StringKey, "rail.today" | "rail.yesterday" | "rail.week" | "rail.older">;

export function ageOf(ts: number, now: number): Age {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (ts >= midnight) return "rail.today";
  if (ts >= midnight - 86_400_000) return "rail.yesterday";
  return ts >= midnight - 6 * 86_400_000 ? "rail.week" : "rail.older";
}
