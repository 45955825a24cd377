/** A run as the task that another agent sees. */
import { type Artifact, type Message, type Part, Role, type Task, TaskState } from "@a2a-js/sdk";
import type { Media } from "../media/media.ts";
import type { MediaPart } from "../protocol/message.ts";
import type { Store } from "../sdk/store.ts";
import { type PlacedMessage, readRunMessages } from "../session/messages.ts";
import type { OpenQuestions } from "../session/questions.ts";
import type { Runs, StoredRun } from "../session/runs.ts";
import type { TaskRow, Tasks } from "./tasks.ts";

export interface ViewOptions {
  readonly store: Store;
  readonly runs: Pick<Runs, "get">;
  readonly tasks: Tasks;
  readonly questions: Pick<OpenQuestions, "asked" | "runs">;
  readonly media: Pick<Media, "get">;
}

/** What is written while a run goes on, and at its end what it said. */
export const ANSWER = "answer";
/** Bytes of files that one task carries. */
const MAX_FILES = 8 * 1024 * 1024;

export function stateOf(run: StoredRun, question: string | undefined): TaskState {
  switch (run.status) {
    case "queued":
      return TaskState.TASK_STATE_SUBMITTED;
    case "running":
      return question === undefined ? TaskState.TASK_STATE_WORKING : TaskState.TASK_STATE_INPUT_REQUIRED;
    case "completed":
      return TaskState.TASK_STATE_COMPLETED;
    case "cancelled":
      return TaskState.TASK_STATE_CANCELED;
    case "failed":
    case "interrupted":
      return TaskState.TASK_STATE_FAILED;
  }
}

export function isEnded(state: TaskState): boolean {
  return (
    state === TaskState.TASK_STATE_COMPLETED ||
    state === TaskState.TASK_STATE_CANCELED ||
    state === TaskState.TASK_STATE_FAILED
  );
}

export class TaskView {
  readonly #o: ViewOptions;

  constructor(options: ViewOptions) {
    this.#o = options;
  }

  state({ runId }: TaskRow): TaskState {
    const run = this.#o.runs.get(runId);
    return stateOf(run, this.#o.questions.asked(run.sessionKey, runId));
  }

  /** The runs that wait for an answer. */
  asking(): readonly string[] {
    return this.#o.questions.runs();
  }

  /** `answer`: what a run that goes on has written so far. */
  async task(row: TaskRow, { historyLength, answer }: { historyLength?: number | undefined; answer?: string } = {}) {
    const { runs, questions, store, tasks } = this.#o;
    const run = runs.get(row.runId);
    const question = questions.asked(run.sessionKey, run.id);
    const messages = readRunMessages(store.db, run.id);
    const ids = tasks.messageIds(run.id);
    const history = messages.filter(({ role }) => role === "user").map((message) => userMessage(message, row, ids));
    const kept = historyLength === undefined ? history : historyLength <= 0 ? [] : history.slice(-historyLength);
    const text = run.endedAt === null ? answer : run.text;
    const task: Task = {
      id: run.id,
      contextId: row.contextId,
      status: {
        state: stateOf(run, question),
        message: saying(row, question ?? failureOf(run)),
        timestamp: new Date(run.endedAt ?? run.startedAt ?? run.createdAt).toISOString(),
      },
      artifacts: [
        ...(text ? [artifactOf(ANSWER, [textPart(text)])] : []),
        ...(run.endedAt === null ? [] : await this.#files(messages)),
      ],
      history: kept,
      metadata: undefined,
    };
    return task;
  }

  /** What tools made: pictures, recordings, files. The newest go first when there are too many. */
  async #files(messages: readonly PlacedMessage[]): Promise<Artifact[]> {
    const made = messages.flatMap(({ parts }) =>
      parts.flatMap((part) => (part.type === "tool_result" && part.status === "ok" ? (part.media ?? []) : [])),
    );
    const each = [...new Map(made.map((part) => [part.media_id, part])).values()].reverse();
    const artifacts: Artifact[] = [];
    let left = MAX_FILES;
    for (const part of each) {
      if (part.size > left) continue;
      left -= part.size;
      artifacts.unshift(await this.#file(part));
    }
    return artifacts;
  }

  async #file({ media_id, mime, name }: MediaPart): Promise<Artifact> {
    const { bytes } = await this.#o.media.get(media_id);
    const content = { $case: "raw" as const, value: Buffer.from(bytes) };
    const part: Part = { content, metadata: undefined, filename: name ?? "", mediaType: mime };
    return artifactOf(media_id, [part], name ?? "");
  }
}

export function textPart(value: string): Part {
  return { content: { $case: "text", value }, metadata: undefined, filename: "", mediaType: "" };
}

export function artifactOf(artifactId: string, parts: Part[], name = ""): Artifact {
  return { artifactId, name, description: "", parts, metadata: undefined, extensions: [] };
}

/** Something that Aleph says beside its answer. */
export function saying({ runId, contextId }: TaskRow, text: string | undefined): Message | undefined {
  if (text === undefined) return undefined;
  const digest = new Bun.CryptoHasher("sha256").update(`${runId}\n${text}`).digest("hex").slice(0, 24);
  return messageOf({ id: `say-${digest}`, role: Role.ROLE_AGENT, parts: [textPart(text)] }, { runId, contextId });
}

function userMessage(message: PlacedMessage, row: TaskRow, ids: ReadonlyMap<string, string>): Message {
  const id = ids.get(message.id) ?? `message-${message.id}`;
  return messageOf({ id, role: Role.ROLE_USER, parts: [textPart(message.content)] }, row);
}

function messageOf({ id, role, parts }: { id: string; role: Role; parts: Part[] }, row: TaskRow): Message {
  return {
    messageId: id,
    contextId: row.contextId,
    taskId: row.runId,
    role,
    parts,
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  };
}

function failureOf(run: StoredRun): string | undefined {
  if (run.status === "interrupted") return "The server stopped while it worked on this";
  return run.error?.message;
}
