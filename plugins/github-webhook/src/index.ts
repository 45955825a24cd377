/** Takes GitHub's webhooks, and tells of them in a hook, a tool, a command and, where that is wanted, as messages. */
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { createServer, type HttpAnswer, type HttpRequest, notify, type OnMessage } from "@aleph/plugin-sdk";
import { Journal } from "./journal.ts";
import { count, type GithubEvent, readEvent } from "./read-event.ts";

const CHANNEL = "github";
/** Bytes that the name of a conversation may have. */
const LONGEST_NAME = 90;
const PRINTED = 10;

const journal = new Journal(join(homedir(), "events.json"));

createServer({
  name: "github-webhook",
  routes: { takeDelivery },
  hooks: { tellNews },
  tools: { listEvents },
  commands: { printEvents },
  channels: {
    // Aleph asks nothing of GitHub: what is answered stands in the conversation.
    github: { connect: () => {}, disconnect: () => {}, send: () => {} },
  },
}).start();

/** Aleph has checked the signature by now. */
async function takeDelivery({ headers, body, encoding }: HttpRequest): Promise<HttpAnswer> {
  const kind = headers["x-github-event"] ?? "";
  const id = (headers["x-github-delivery"] ?? "").slice(0, 100);
  if (kind === "ping") return { status: 200, body: { ok: true } };
  const payload = encoding === "utf8" ? readPayload(headers["content-type"] ?? "", body) : undefined;
  if (payload === undefined) return { status: 400, body: { ok: false, error: "The body is no delivery of GitHub's" } };
  const event = readEvent(kind, id, Date.now(), payload);
  // Not the id of the delivery: that is not signed, and whoever has seen a body could send it again with another one.
  const digest = createHash("sha256").update(body).digest("hex");
  if (!(await journal.add(digest, event))) return { status: 200, body: { ok: true, duplicate: true } };
  if (event) tell(event, digest);
  return { status: 202, body: { ok: true, taken: event !== undefined } };
}

/** As JSON, or in a form, as the webhook is configured. */
function readPayload(type: string, body: string): unknown {
  const isForm = type.startsWith("application/x-www-form-urlencoded");
  try {
    return JSON.parse(isForm ? (new URLSearchParams(body).get("payload") ?? "") : body);
  } catch {
    return undefined;
  }
}

/** In our words alone: what people wrote, the model gets from the tool, which marks it as theirs. */
function tell({ repository, sender, senderId, what }: GithubEvent, id: string): void {
  // A plus is in no name of GitHub's, and may stand in the key of a session.
  const conversation = repository.replace("/", "+").slice(0, LONGEST_NAME);
  const text = `GitHub: ${what} in ${repository}, by ${sender}. The tool github_events tells more.`;
  notify("channel.message", { channel: CHANNEL, conversation, sender: senderId, text, kind: "group", id });
}

/** Only the owner hears of it. */
async function tellNews(context: OnMessage): Promise<OnMessage | undefined> {
  const isOurs = context.sessionKey.includes(`:${CHANNEL}:`);
  if (context.identity !== "owner" || isOurs) return undefined;
  try {
    const news = await journal.takeNews();
    if (news.length === 0) return undefined;
    const repositories = [...new Set(news.map(({ repository }) => repository))];
    const where = repositories.length > 5 ? `${repositories.length} repositories` : repositories.join(", ");
    const note = `[New on GitHub since the last message: ${count(news.length, "event")} in ${where}; the tool github_events tells more]`;
    return { ...context, message: `${context.message}\n\n${note}` };
  } catch (thrown) {
    // A message must not be refused because there is no news of GitHub.
    console.warn("What is new could not be told:", thrown);
    return undefined;
  }
}

async function listEvents({ repository, limit = 10 }: { repository?: string; limit?: number }) {
  const events = (await journal.events()).filter(
    (event) => repository === undefined || event.repository === repository,
  );
  return {
    events: events
      .slice(-limit)
      .reverse()
      .map(({ at, senderId: _, ...event }) => ({ ...event, at: new Date(at).toISOString() })),
  };
}

async function printEvents(): Promise<string> {
  const events = await journal.events();
  if (events.length === 0) return "Nothing has come from GitHub yet";
  const lines = events
    .slice(-PRINTED)
    .reverse()
    .map(({ at, repository, sender, what, title }) => {
      const when = new Date(at).toISOString().slice(0, 16).replace("T", " ");
      return `${when}  ${repository}: ${what} by ${sender}${title === "" ? "" : `: ${title}`}`;
    });
  return lines.join("\n");
}
