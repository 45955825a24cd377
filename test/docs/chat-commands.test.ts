/** The words that docs/channels.md tells of are those that chats know, in their order, each with who may call it. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { chatCommands } from "../../src/chat-commands/index.ts";
import { ROOT } from "../support/docs.ts";

test("chat commands stand in docs/channels.md, in the order of the help, each with who may call it", async () => {
  const page = await Bun.file(join(ROOT, "docs/channels.md")).text();
  const rows = [...page.matchAll(/^\| `\/(\w+)[^`]*`.*\| ([^|]+?) +\|$/gm)].map(([, word, who]) => ({ word, who }));
  const known = await Promise.all(Object.values(chatCommands).map((load) => load()));
  expect(rows).toEqual(
    known.map(({ word, scope, forGuests }) => ({ word, who: forGuests ? "all" : `scope \`${scope}\`` })),
  );
});
