/** What GitHub sends, as the few things that are worth telling. */

export interface GithubEvent {
  /** GitHub's own id of the delivery. */
  readonly id: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly repository: string;
  /** Login and number of who did it; a login can change hands, the number cannot. */
  readonly sender: string;
  readonly senderId: string;
  /** Said in words of ours: `issue #12 opened`. */
  readonly what: string;
  /** Written by whoever did it. */
  readonly title: string;
  readonly text: string;
  readonly url: string;
}

/** What a payload is made of; all of it may be missing. */
interface Payload {
  readonly action?: string;
  readonly ref?: string;
  readonly deleted?: boolean;
  readonly forced?: boolean;
  readonly compare?: string;
  readonly commits?: readonly { readonly id: string; readonly message: string }[];
  readonly repository?: { readonly full_name?: string };
  readonly sender?: { readonly login?: string; readonly id?: number };
  readonly issue?: Item & { readonly pull_request?: object };
  readonly pull_request?: Item & { readonly merged?: boolean };
  readonly comment?: Item;
  readonly review?: Item & { readonly state?: string };
  readonly release?: Item & { readonly tag_name?: string };
  readonly workflow_run?: Item & { readonly conclusion?: string | null; readonly run_number?: number };
}

interface Item {
  readonly number?: number;
  readonly title?: string;
  readonly name?: string | null;
  readonly body?: string | null;
  readonly html_url?: string;
}

type Told = Pick<GithubEvent, "what" | "title" | "text" | "url">;

const NAME = /^[A-Za-z0-9_.-]{1,39}\/[A-Za-z0-9_.-]{1,100}$/;
const LOGIN = /^[A-Za-z0-9_-]{1,50}(?:\[bot\])?$/;
const WORD = /^[a-z_]{1,40}$/;
const LONGEST_TITLE = 300;
const LONGEST_TEXT = 2000;

/** Nothing for what is not told, or has not the shape that GitHub gives it. */
export function readEvent(kind: string, id: string, at: number, payload: unknown): GithubEvent | undefined {
  if (typeof payload !== "object" || payload === null) return undefined;
  const read = Object.hasOwn(READERS, kind) ? READERS[kind] : undefined;
  const { repository, sender } = payload as Payload;
  const name = repository?.full_name ?? "";
  const login = sender?.login ?? "";
  if (!read || !NAME.test(name) || !LOGIN.test(login) || !Number.isSafeInteger(sender?.id)) return undefined;
  const { what, title, text, url } = read(payload as Payload);
  return {
    id,
    at,
    repository: name,
    sender: login,
    senderId: String(sender!.id),
    what,
    title: title.slice(0, LONGEST_TITLE),
    text: text.slice(0, LONGEST_TEXT),
    url,
  };
}

const READERS: Readonly<Record<string, (payload: Payload) => Told>> = {
  push({ ref = "", deleted, forced, commits = [], compare = "" }) {
    const kind = ref.startsWith("refs/tags/") ? "tag" : "branch";
    const how = deleted ? `${kind} deleted` : `push of ${count(commits.length, "commit")} to a ${kind}`;
    const text = commits.map(({ id, message }) => `${id.slice(0, 7)} ${message.split("\n")[0]}`).join("\n");
    return {
      what: forced ? `forced ${how}` : how,
      title: ref.replace(/^refs\/(?:heads|tags)\//, ""),
      text,
      url: compare,
    };
  },
  issues: ({ action, issue }) => told(`issue ${numbered(issue)} ${word(action)}`, issue, issue),
  issue_comment({ action, issue, comment }) {
    const kind = issue?.pull_request ? "pull request" : "issue";
    return told(`comment on ${kind} ${numbered(issue)} ${word(action)}`, issue, comment);
  },
  pull_request({ action, pull_request }) {
    const done = action === "closed" && pull_request?.merged ? "merged" : word(action);
    return told(`pull request ${numbered(pull_request)} ${done}`, pull_request, pull_request);
  },
  pull_request_review({ pull_request, review }) {
    return told(`review of pull request ${numbered(pull_request)}: ${word(review?.state)}`, pull_request, review);
  },
  release: ({ action, release }) =>
    told(`release ${word(action)}`, { title: release?.name || release?.tag_name || "" }, release),
  workflow_run({ action, workflow_run }) {
    const end = workflow_run?.conclusion ? word(workflow_run.conclusion) : word(action);
    return told(`workflow run: ${end}`, { title: workflow_run?.name ?? "" }, workflow_run);
  },
};

function told(what: string, titled: Item | undefined, written: Item | undefined): Told {
  return { what, title: titled?.title ?? "", text: written?.body ?? "", url: written?.html_url ?? "" };
}

function numbered(item: Item | undefined): string {
  return Number.isSafeInteger(item?.number) ? `#${item!.number}` : "#?";
}

/** Of GitHub's own list; what a stranger may have written does not get into our words. */
function word(text: string | undefined): string {
  return text !== undefined && WORD.test(text) ? text.replaceAll("_", " ") : "changed";
}

export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
