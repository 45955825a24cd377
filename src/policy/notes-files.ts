/** The files of a workspace that every run is told of: what is written there lasts, and speaks to the model as the person's notes do. */

export const NOTES_FILES = ["SOUL.md", "AGENTS.md"] as const;

/** What the heartbeat reads speaks to the model just as much, when nobody looks on. */
const SPEAKING = [...NOTES_FILES, "HEARTBEAT.md"];

/**
 * What a call that writes these files is besides: outward, so that a stranger's words do not get there unasked. Names are relative
 * to the workspace.
 */
export function notesAmong(names: readonly string[]): { readonly outward?: true } {
  // Not every file system tells capitals from small letters.
  const isNotes = (name: string) => SPEAKING.some((file) => file.toLowerCase() === name.toLowerCase());
  return names.some(isNotes) ? { outward: true } : {};
}
