/** Messages as Discord takes them. */
import type { APIMessageTopLevelComponent } from "discord-api-types/v10";
import type { Button } from "../../sdk/channel.ts";

/** Whatever a text says, nobody is called by it. */
export const NO_PINGS = { parse: [], replied_user: false };
/** Whose address a model writes is not asked by Discord, which would tell it that somebody reads there, and more. */
export const WITHOUT_PREVIEWS = 1 << 2;

export interface OutboundParts {
  readonly replyTo: string | undefined;
  readonly buttons: readonly (readonly Button[])[] | undefined;
  /** At most 25 characters. */
  readonly nonce: string | undefined;
}

export function messageBody(content: string, { replyTo, buttons, nonce }: OutboundParts) {
  return {
    ...said(content),
    // Who was answered may have taken his message away; the answer goes out all the same.
    ...(replyTo === undefined ? {} : { message_reference: { message_id: replyTo, fail_if_not_exists: false } }),
    ...(buttons ? { components: rowsOf(buttons) } : {}),
    ...(nonce === undefined ? {} : { nonce, enforce_nonce: true }),
  };
}

export function editBody(content: string, buttons: readonly (readonly Button[])[] = []) {
  return { ...said(content), components: rowsOf(buttons) };
}

function said(content: string) {
  return { content, allowed_mentions: NO_PINGS, flags: WITHOUT_PREVIEWS };
}

function rowsOf(rows: readonly (readonly Button[])[]): APIMessageTopLevelComponent[] {
  return rows.map((row) => ({
    type: 1,
    components: row.map(({ label, value }) => ({
      type: 2,
      style: 2,
      label: label.slice(0, 80).toWellFormed(),
      custom_id: value,
    })),
  }));
}
