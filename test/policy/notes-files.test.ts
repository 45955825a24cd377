import { expect, test } from "bun:test";
import { notesAmong } from "../../src/policy/notes-files.ts";

test.each(["AGENTS.md", "soul.MD", "HEARTBEAT.md", "heartbeat.md"])(
  "notesAmong makes a call that writes %s outward",
  (name) => {
    expect(notesAmong(["other.txt", name])).toEqual({ outward: true });
  },
);

test("notesAmong leaves other files and folders alone", () => {
  expect(notesAmong(["notes/HEARTBEAT.md", "HEARTBEAT.txt", ""])).toEqual({});
});
