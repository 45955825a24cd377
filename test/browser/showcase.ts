/** A server with conversations that show everything that the panel can show; a script stands for the model. */
import { join } from "node:path";
import type { Client } from "../../src/client/client.ts";
import { collectEvents } from "../support/app.ts";
import { type Conversation, conversation } from "../support/conversation.ts";
import { connectDevice, testDevice } from "../support/device.ts";
import { startRemoteMcp } from "../support/mcp/remote.ts";
import { oddServer } from "../support/mcp/servers.ts";
import { manifestOf, writePlugin } from "../support/plugins.ts";
import type { FakeRequest, Scripted, Step } from "../support/providers/fake.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { writeSkill } from "../support/skills.ts";

export interface Showcase extends Conversation {
  /** Session keys. */
  readonly answered: string;
  readonly asking: string;
  readonly failed: string;
}

const EXPLAINED = `Here is what changed between the two months.

| Month | Visits | Share of search | Revenue |
|:--|--:|--:|--:|
| September | 18,204 | 41 % | 12,480 € |
| October | 21,977 | 46 % | 15,032 € |
| Change | **+20.7 %** | +5 points | **+20.4 %** |

Most of it comes from three pages. The script that I used reads the log once and keeps only counts, so it also works on a file of several gigabytes:

\`\`\`typescript
// One pass; memory grows with the number of pages, not of visits.
export async function countVisits(path: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for await (const line of readLines(path)) {
    const [, page = "/"] = /"GET (\\S+)/.exec(line) ?? [];
    counts.set(page, (counts.get(page) ?? 0) + 1);
  }
  return counts;
}
\`\`\`

Two things to keep in mind:

- **Bots** are counted. Filter them with the list in \`bots.txt\` first.
- The log of 14 October is cut off at 18:00; see [the notes](https://example.com/notes/october).

> Numbers before the cut are complete.

- [x] Read both months
- [ ] Leave out bots`;

const TASK = "Compare September with October in the access log and tell me what stands out.";

export async function showcase(): Promise<Showcase> {
  await using stack = new AsyncDisposableStack();
  const fake = stack.use(startOpenAiFake({ models: ["quill-large", "quill-small", "quill-vision"] }));
  fake.answer(script);
  const remote = stack.use(startRemoteMcp({ login: true }));
  const shown = stack.use(
    await conversation({
      fake,
      config: {
        providers: {
          folio: {
            type: "openai-compatible",
            base_url: fake.url,
            api_key: "k",
            models: ["quill-large", "quill-small", "quill-vision"],
          },
        },
        models: { default: "folio/quill-large" },
        mcp: {
          servers: {
            notes: oddServer("rug-loud"),
            archive: oddServer("good"),
            ledger: oddServer("exits"),
            library: { url: remote.url },
          },
        },
      },
    }),
  );
  const { client } = shown;
  await writePlugins(shown.home.plugins);
  await writeSkills(client, shown.home.path);
  await holdServer(client);
  await letIn(client, shown.url);
  const events = await collectEvents(client);
  const ended = async (message: string, key: string) => {
    const { run_id } = await client.call("agent.run", { message, session_key: key });
    await events.until(
      ({ topic, data }) => /^agent\.(completed|error)$/.test(topic) && "run_id" in data && data.run_id === run_id,
    );
  };
  for (const title of ["Reading list for November", "Garden: what to plant now", "Letter to the landlord"]) {
    await ended("Hello", await create(client, title));
  }
  const failed = await create(client, "Translate the manual");
  await ended("fail", failed);
  const answered = await create(client, "Visits in September and October");
  await ended(TASK, answered);
  const asking = await create(client, "Tidy the downloads folder");
  await client.call("agent.run", { message: "ask", session_key: asking });
  await events.until(({ topic }) => topic === "approval.requested");
  const owned = stack.move();
  return { ...shown, answered, asking, failed, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** One that waits, one in use, one with a fault. */
async function writePlugins(folder: string): Promise<void> {
  const calendar = `[plugin]
id = "calendar"
name = "Calendar"
version = "1.2.0"
description = "Reads and plans your appointments"
kind = "nodejs"
entry = "index.js"

[permissions]
network = ["connect:https://caldav.example.com", "connect:https://*.example.com:8443"]
filesystem = ["read:./holidays", "write:./cache"]
env = ["CALDAV_PASSWORD"]

[[tools]]
name = "appointments"
description = "Lists appointments"
handler = "list"

[[hooks]]
event = "on_message"
kind = "observer"
handler = "remind"
`;
  const broken = manifestOf({ id: "weather" }).replace("version", "versoin");
  const style = manifestOf({ id: "house-style" }).replace('"The house-style"', '"House style"');
  await writePlugin(folder, "calendar", { manifest: calendar });
  await writePlugin(folder, "house-style", { manifest: style, prompt: "Short sentences." });
  await writePlugin(folder, "weather", { manifest: broken });
}

/** One that waits, two in use, one with a fault. */
async function writeSkills(client: Client, home: string): Promise<void> {
  const folder = join(home, "skills");
  writeSkill(folder, "meeting-notes", {
    frontmatter:
      "name: meeting-notes\ndescription: Turns a recording or rough notes into minutes with decisions and tasks\n",
  });
  writeSkill(folder, "release-notes", {
    frontmatter:
      "name: release-notes\ndescription: Writes the notes of a release from the commits since the last one\nlicense: MIT\nallowed-tools: read list exec\n",
    files: { "scripts/commits.sh": "git log --oneline", "references/style.md": "Short sentences." },
  });
  writeSkill(folder, "broken", { frontmatter: "name: other\ndescription: ''\n" });
  const text = `# Tax papers

1. List what is in the folder \`papers/\`.
2. Sort each file by year, then by kind.
3. Say which are missing, compared with last year.

Never send a paper anywhere. Ask before anything is moved.`;
  const incoming = writeSkill(join(home, "incoming"), "tax-papers", {
    frontmatter:
      "name: tax-papers\ndescription: Sorts the papers for the tax return and says which are missing\nallowed-tools: read list\n",
    text,
    files: { "references/kinds.md": "Kinds of papers" },
  });
  await client.call("skills.install", { source: incoming });
}

/** Its descriptions change at the tenth call. */
async function holdServer(client: Client): Promise<void> {
  await client.call("mcp.list", {});
  const changed = async () => (await client.call("mcp.list", {})).servers.some(({ status }) => status === "held");
  for (let calls = 0; calls < 20 && !(await changed()); calls++) {
    await client
      .call("mcp.call", { server: "notes", tool: "echo", arguments: { message: "hello" } })
      .catch(() => "held");
  }
}

/** A device that waits, one that was let in, and tokens. */
async function letIn(client: Client, url: string): Promise<void> {
  const known = await testDevice();
  using _first = (await connectDevice(url, known)).socket;
  const { pairings } = await client.call("auth.pairing.list", {});
  await client.call("auth.pairing.approve", { pairing: pairings[0]!.pairing_id });
  using _second = (await connectDevice(url, known)).socket;
  const scopes = ["read", "chat", "write", "approve"];
  using _waiting = (await connectDevice(url, await testDevice(), { scopes })).socket;
  await client.call("auth.tokens.create", { name: "Nightly backup", scopes: ["read"] });
  await client.call("auth.tokens.create", {
    name: "Editor on the laptop",
    scopes: ["read", "chat", "write"],
    expires_in_ms: 30 * 86_400_000,
  });
}

async function create(client: Client, title: string): Promise<string> {
  return (await client.call("session.create", { title })).session_key;
}

function script({ body }: FakeRequest): Scripted {
  const messages = body.messages as readonly { role: string; content: unknown }[];
  const asked = messages.findLastIndex(({ role }) => role === "user");
  const word = textOf(messages[asked]?.content);
  const step = messages.slice(asked + 1).filter(({ role }) => role === "tool").length;
  if (word === "fail") return { status: 401, message: "Incorrect API key provided" };
  if (word === "ask") {
    return [
      "The folder holds 212 files; 180 of them are older than a year. I would move those into one archive folder.",
      {
        tool_call: {
          name: "exec",
          args: { command: "mkdir -p archive && find downloads -mtime +365 -exec mv -t archive {} +" },
        },
      },
    ];
  }
  if (word !== TASK) return "Hello. What can I do for you?";
  const steps: readonly (readonly Step[])[] = [
    [
      { thinking: "Two months are in one file. First see what is there, then count per month and page." },
      "I look at what there is first.",
      { tool_call: { name: "list", args: {} } },
      { tool_call: { name: "exec", args: { command: "ls -la" } } },
      { tool_call: { name: "read", args: { path: "logs/2026-10.log" } } },
    ],
    [EXPLAINED],
  ];
  return { steps: steps[step === 0 ? 0 : 1]!, usage: { input: 4218, output: 612, cache_read: 3072 } };
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return Array.isArray(content) ? content.map((part: { text?: string }) => part.text ?? "").join("") : "";
}
