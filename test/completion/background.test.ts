import { expect, test } from "bun:test";
import { join } from "node:path";
import { Background } from "../../src/completion/background.ts";
import { StoredResponses } from "../../src/completion/stored-responses.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import { openStore } from "../../src/store/store.ts";
import { testFolder } from "../support/folder.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

test("a response in the background whose end cannot be kept has failed, and the server goes on", async () => {
  await using stack = new AsyncDisposableStack();
  const { log, entries } = testLog();
  const folder = stack.use(await testFolder());
  const store = stack.use(openStore(join(folder.path, "aleph.db"), { log, sync: "commit" }));
  let isFull = false;
  const write: typeof store.write = (work) =>
    isFull ? Promise.reject(new AlephError("storage_failed", "The disk is full")) : store.write(work);
  const stored = new StoredResponses(
    { failure: undefined, db: store.db, write, writeRelaxed: store.writeRelaxed },
    Date.now,
  );
  const background = stack.use(new Background(stored, Date.now, log));
  const call = { body: { model: "m", input: "hi", background: true }, grant: { identity: { id: "owner" } } };
  const answer = Promise.withResolvers<Response>();
  const begun = await background.start(call as never, () => answer.promise);
  const { id } = (await begun.json()) as { id: string };
  isFull = true;
  answer.resolve(Response.json({ id: "x", status: "completed" }));
  await until(() => entries.some(({ message }) => message.includes("could not be kept")));
  expect(await background.get("owner", id)).toMatchObject({ status: "failed" });
});
