/** The executable is killed while it compacts a conversation, and asked afterwards what it still knows. */
import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startServer, testExecutable } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { isAskedForNotes, notesByRule } from "../support/notes.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { openRawSocket } from "../support/raw-socket.ts";

const KEY = "agent:main:main";
const WORDS = "A sentence that fills the conversation with words of no weight. ".repeat(10);
const KILLS = 8;

testExecutable(
  `the executable killed ${KILLS} times while it compacts loses no message and no compaction that it told of`,
  async () => {
    await using folder = await testFolder();
    await using fake = startOpenAiFake();
    let asked = Promise.withResolvers<void>();
    let hold = Promise.resolve();
    fake.answer(({ body }) => {
      if (!isAskedForNotes(body)) return `Noted. ${WORDS}`;
      asked.resolve();
      return { after: hold, steps: [notesByRule(body)] };
    });
    const provider = `[providers.fake]\ntype = "openai-compatible"\nbase_url = "${fake.url}"\napi_key = "k"\nmodels = ["m"]\n`;
    const sessions = "[sessions.compaction]\nkeep_recent = 500\n";
    writeFileSync(join(folder.path, "config.toml"), `${provider}[models]\ndefault = "fake/m"\n${sessions}`, {
      mode: 0o600,
    });
    const told: string[] = [];
    let compacted = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      await using server = await startServer({ home: folder.path });
      using socket = await openRawSocket(server.url, server.token);
      for (let turn = 0; turn < 4; turn++) {
        const message = `FACT: number ${kill} of ${turn} is known. ${WORDS}`;
        await socket.call("session.send", { session_key: KEY, message });
        told.push(message);
      }
      asked = Promise.withResolvers();
      // Every other time it dies while the notes are taken, else right after it said that they are.
      const inTheMiddle = kill % 2 === 0;
      hold = inTheMiddle ? new Promise(() => undefined) : Promise.resolve();
      const done = socket.call<{ compacted: boolean }>("session.compact", { session_key: KEY });
      if (inTheMiddle) {
        done.catch(() => "the server is gone");
        await asked.promise;
      } else if ((await done).compacted) compacted++;
      server.kill("SIGKILL");
      await server.finished;
    }
    await using server = await startServer({ home: folder.path });
    using socket = await openRawSocket(server.url, server.token);
    await socket.call("session.send", { session_key: KEY, message: "What do you know?" });
    const { messages } = await socket.call<{ messages: { role: string; content: string }[] }>("session.history", {
      session_key: KEY,
      limit: 1000,
    });
    const said = messages.filter(({ role }) => role === "user").map(({ content }) => content);
    expect(said).toEqual([...told, "What do you know?"]);
    const shown = JSON.stringify(fake.requests.at(-1)!.body.messages);
    const facts = told.map((message) => /FACT: [^.]+\./.exec(message)![0]);
    expect(facts.filter((fact) => !shown.includes(fact))).toEqual([]);
    server.kill("SIGTERM");
    await server.finished;
    using db = new Database(join(folder.path, "aleph.db"), { readonly: true });
    const { marks } = db.query<{ marks: number }, []>("SELECT count(*) AS marks FROM context_mark").get()!;
    expect({ marks, compacted }).toEqual({ marks: KILLS / 2, compacted: KILLS / 2 });
  },
  180_000,
);
