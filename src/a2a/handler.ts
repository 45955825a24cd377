/** What other agents may ask of us, whichever version of the protocol they speak: each task is a run in a session of its context. */
import {
  type AgentCard,
  type CancelTaskRequest,
  type DeleteTaskPushNotificationConfigRequest,
  type GetTaskPushNotificationConfigRequest,
  type GetTaskRequest,
  type ListTaskPushNotificationConfigsRequest,
  type ListTaskPushNotificationConfigsResponse,
  type ListTasksRequest,
  type ListTasksResponse,
  type SendMessageRequest,
  type StreamResponse,
  type SubscribeToTaskRequest,
  type Task,
  type TaskPushNotificationConfig,
  TaskState,
} from "@a2a-js/sdk";
import {
  ExtendedAgentCardNotConfiguredError,
  RequestMalformedError,
  TaskNotCancelableError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from "@a2a-js/sdk/errors";
import type { A2ARequestHandler, ServerCallContext } from "@a2a-js/sdk/server";
import type { Runner } from "../agent/runner.ts";
import { createId } from "../lib/id.ts";
import type { EventData, EventFrame } from "../protocol/events.ts";
import type { Grant } from "../protocol/identity.ts";
import type { RunStatus } from "../protocol/run.ts";
import type { OpenQuestions } from "../session/questions.ts";
import type { TakeRun } from "../session/run-limit.ts";
import { beginsReply, endsRun, followRun, type RunBus } from "./follow.ts";
import { type Incoming, readMessage } from "./incoming.ts";
import type { Webhooks } from "./push.ts";
import { insertMessage, insertTask, sessionKeyOf, type TaskRow, type Tasks } from "./tasks.ts";
import { ANSWER, artifactOf, isEnded, saying, type TaskView, textPart } from "./view.ts";

export interface HandlerOptions {
  readonly runner: Pick<Runner, "start" | "stop" | "of">;
  readonly bus: RunBus;
  readonly takeRun: TakeRun;
  readonly questions: Pick<OpenQuestions, "waits">;
  readonly tasks: Tasks;
  readonly view: TaskView;
  readonly webhooks: Webhooks;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** What one request comes with. */
export interface Caller {
  readonly grant: Grant;
  readonly credential: string | undefined;
  readonly card: AgentCard;
  /** The agent whose sessions these are. */
  readonly agent: string;
  /** Aborts when whoever asks has gone. */
  readonly signal: AbortSignal;
}

const PAGE = 50;
const MAX_PAGE = 100;

/** For one request. */
export class TaskHandler implements A2ARequestHandler {
  readonly #o: HandlerOptions;
  readonly #caller: Caller;

  constructor(options: HandlerOptions, caller: Caller) {
    this.#o = options;
    this.#caller = caller;
  }

  async getAgentCard(): Promise<AgentCard> {
    return this.#caller.card;
  }

  async getAuthenticatedExtendedAgentCard(): Promise<AgentCard> {
    throw new ExtendedAgentCardNotConfiguredError("The public card says all");
  }

  async sendMessage(params: SendMessageRequest, context: ServerCallContext): Promise<Task> {
    const row = await this.#send(params, context);
    const { returnImmediately = false, historyLength } = params.configuration ?? {};
    if (!returnImmediately) await this.#settled(row);
    return this.#o.view.task(row, { historyLength });
  }

  async *sendMessageStream(params: SendMessageRequest, context: ServerCallContext): AsyncGenerator<StreamResponse> {
    yield* this.#stream(await this.#send(params, context), { historyLength: params.configuration?.historyLength });
  }

  async getTask({ id, historyLength }: GetTaskRequest): Promise<Task> {
    checkLength(historyLength);
    return this.#o.view.task(this.#find(id), { historyLength });
  }

  async listTasks(request: ListTasksRequest): Promise<ListTasksResponse> {
    const { contextId, status, pageSize = PAGE, pageToken, historyLength, statusTimestampAfter } = request;
    if (pageSize < 1 || pageSize > MAX_PAGE) throw new RequestMalformedError(`pageSize may be from 1 to ${MAX_PAGE}`);
    checkLength(historyLength);
    if (status === TaskState.UNRECOGNIZED) throw new RequestMalformedError("status is no state of a task");
    const changedSince = statusTimestampAfter ? readTime(statusTimestampAfter) : 0;
    const after = pageToken ? readPlace(pageToken) : undefined;
    const { tasks, total, next } = this.#o.tasks.list({
      identity: this.#caller.grant.identity.id,
      ...(contextId ? { contextId } : {}),
      ...this.#inState(status),
      changedSince,
      limit: pageSize,
      ...(after ? { after } : {}),
    });
    const shown = await Promise.all(tasks.map((row) => this.#o.view.task(row, { historyLength })));
    return {
      tasks: request.includeArtifacts === true ? shown : shown.map((task) => ({ ...task, artifacts: [] })),
      nextPageToken: next ? Buffer.from(JSON.stringify([next.changedAt, next.runId])).toString("base64url") : "",
      pageSize,
      totalSize: total,
    };
  }

  async cancelTask({ id }: CancelTaskRequest): Promise<Task> {
    const row = this.#find(id);
    const state = this.#o.view.state(row);
    if (isEnded(state)) throw new TaskNotCancelableError(`Task "${id}" has ended already`);
    // A tool that works may come to its end; one that waits for an answer would wait for nobody.
    await this.#o.runner.stop(id, state === TaskState.TASK_STATE_INPUT_REQUIRED ? "abort" : "cancel");
    return this.#o.view.task(row);
  }

  async *resubscribe({ id }: SubscribeToTaskRequest): AsyncGenerator<StreamResponse> {
    const row = this.#find(id);
    if (isEnded(this.#o.view.state(row))) throw new UnsupportedOperationError(`Task "${id}" has ended already`);
    // Whoever watches a task also sees what becomes of it after a question (A2A 1.0 §3.1.6): only its end ends the stream.
    yield* this.#stream(row, { isWatched: true });
  }

  async createTaskPushNotificationConfig(
    config: TaskPushNotificationConfig,
    context: ServerCallContext,
  ): Promise<TaskPushNotificationConfig> {
    return this.#o.webhooks.add(this.#find(config.taskId), config, context.requestedVersion);
  }

  async getTaskPushNotificationConfig({ taskId, id }: GetTaskPushNotificationConfigRequest) {
    const found = this.#o.webhooks.list(this.#find(taskId));
    // Those that name none mean the only one, or the first.
    const config = id === "" ? found[0] : found.find((each) => each.id === id);
    if (!config) throw new TaskNotFoundError(`Task "${taskId}" has no such push notification config`);
    return config;
  }

  async listTaskPushNotificationConfigs({
    taskId,
  }: ListTaskPushNotificationConfigsRequest): Promise<ListTaskPushNotificationConfigsResponse> {
    return { configs: [...this.#o.webhooks.list(this.#find(taskId))], nextPageToken: "" };
  }

  async deleteTaskPushNotificationConfig({ taskId, id }: DeleteTaskPushNotificationConfigRequest): Promise<void> {
    await this.#o.webhooks.remove(this.#find(taskId), id);
  }

  #find(taskId: string): TaskRow {
    if (typeof taskId !== "string" || taskId === "") throw new RequestMalformedError("The id of a task is needed");
    const row = this.#o.tasks.find(this.#caller.grant.identity.id, taskId);
    if (!row) throw new TaskNotFoundError(`There is no task "${taskId.slice(0, 80)}"`);
    return row;
  }

  async #send(params: SendMessageRequest, context: ServerCallContext): Promise<TaskRow> {
    const incoming = readMessage(params.message);
    const { historyLength, taskPushNotificationConfig: push } = params.configuration ?? {};
    checkLength(historyLength);
    if (push) this.#o.webhooks.check(push);
    const row = this.#known(incoming) ?? (await this.#start(incoming));
    if (push) await this.#o.webhooks.add(row, push, context.requestedVersion);
    return row;
  }

  #known(incoming: Incoming): TaskRow | undefined {
    const { tasks } = this.#o;
    const identity = this.#caller.grant.identity.id;
    const runId = tasks.runOf(identity, incoming);
    return runId === undefined ? undefined : tasks.find(identity, runId);
  }

  async #start(incoming: Incoming): Promise<TaskRow> {
    const { runner, questions, takeRun, now } = this.#o;
    const { grant, credential, agent } = this.#caller;
    const identity = grant.identity.id;
    const { messageId, digest, text, attachments } = incoming;
    const going = incoming.taskId === "" ? undefined : this.#find(incoming.taskId);
    if (going && incoming.contextId !== "" && incoming.contextId !== going.contextId) {
      throw new RequestMalformedError("The task belongs to another context");
    }
    const contextId = going?.contextId ?? (incoming.contextId || createId("context"));
    const session_key = sessionKeyOf(agent, identity, contextId);
    const { active } = runner.of(session_key);
    if (going) this.#assertOpen(going, active);
    takeRun(identity, session_key);
    // Without a task's id it is still the answer that the context waits for.
    const joins = going !== undefined || (active !== null && questions.waits(session_key, active));
    try {
      const { run_id } = await runner.start(
        {
          message: text,
          session_key,
          mode: joins ? "steer" : "queue",
          ...(attachments.length > 0 ? { attachments } : {}),
        },
        grant,
        credential,
        {
          byAgent: true,
          also(db, newRun) {
            const runId = newRun ?? active;
            // What it was to join ended at this moment.
            if (runId === null || (going && runId !== going.runId)) throw hasEnded(incoming.taskId);
            insertTask(db, { runId, identity, contextId, now: now() });
            insertMessage(db, { identity, messageId, digest, runId });
          },
        },
      );
      return { runId: run_id, contextId };
    } catch (thrown) {
      // The same message came twice at once: the other one was first.
      const known = this.#known(incoming);
      if (known) return known;
      throw thrown;
    }
  }

  #assertOpen(row: TaskRow, active: string | null): void {
    if (isEnded(this.#o.view.state(row))) throw hasEnded(row.runId);
    if (active !== row.runId) throw new UnsupportedOperationError(`Task "${row.runId}" has not begun yet`);
  }

  /** Resolves when nothing more comes before somebody does something: it ended, or asks. */
  async #settled(row: TaskRow): Promise<void> {
    using followed = followRun(this.#o.bus, row.runId, this.#caller.signal);
    followed.past();
    if (this.#isSettled(row)) return;
    for (;;) {
      const event = await followed.next();
      if (!event || settles(event)) return;
    }
  }

  #isSettled(row: TaskRow): boolean {
    const state = this.#o.view.state(row);
    return isEnded(state) || state === TaskState.TASK_STATE_INPUT_REQUIRED;
  }

  async *#stream(
    row: TaskRow,
    { historyLength, isWatched = false }: { historyLength?: number | undefined; isWatched?: boolean },
  ): AsyncGenerator<StreamResponse> {
    using followed = followRun(this.#o.bus, row.runId, this.#caller.signal);
    let answer = "";
    let isFresh = false;
    for (const event of followed.past()) {
      if (beginsReply(event)) isFresh = true;
      if (event.topic !== "stream.chunk") continue;
      answer = (isFresh ? "" : answer) + (event.data as EventData<"stream.chunk">).content;
      isFresh = false;
    }
    const { view } = this.#o;
    yield { payload: { $case: "task", value: await view.task(row, { historyLength, answer }) } };
    if (isWatched ? isEnded(view.state(row)) : this.#isSettled(row)) return;
    for (;;) {
      const event = await followed.next();
      if (!event) return;
      // Whoever sent the message gets what comes after the answer to a question in a stream of its own.
      if (isWatched ? endsRun(event.topic) : settles(event)) break;
      if (event.topic === "question.asked") yield statusUpdate(row, await view.task(row));
      if (beginsReply(event)) isFresh = true;
      if (event.topic === "stream.chunk") {
        const { content } = event.data as EventData<"stream.chunk">;
        const append = answer !== "" && !isFresh;
        answer = append ? answer + content : content;
        isFresh = false;
        yield artifactUpdate(row, content, { append });
        continue;
      }
      yield* this.#tell(row, event);
    }
    const task = await view.task(row);
    for (const artifact of task.artifacts) {
      const text = artifact.artifactId === ANSWER ? artifact.parts[0]?.content?.value : undefined;
      // What was streamed is the answer: only its end is still to be said.
      if (text !== undefined && text === answer) yield artifactUpdate(row, "", { append: true, lastChunk: true });
      else yield { payload: { $case: "artifactUpdate", value: { ...about(row), artifact, ...LAST } } };
    }
    yield statusUpdate(row, task);
  }

  *#tell(row: TaskRow, { topic, ts }: EventFrame): Generator<StreamResponse> {
    const note = topic === "approval.requested" ? "A person is asked whether this may be done" : undefined;
    if (topic !== "agent.started" && topic !== "question.closed" && note === undefined) return;
    const timestamp = new Date(ts).toISOString();
    yield statusUpdate(row, { status: { state: this.#o.view.state(row), message: saying(row, note), timestamp } });
  }

  #inState(state: TaskState): Pick<Parameters<Tasks["list"]>[0], "statuses" | "asking"> {
    const asking = { ids: this.#o.view.asking(), only: state === TaskState.TASK_STATE_INPUT_REQUIRED };
    switch (state) {
      case TaskState.TASK_STATE_UNSPECIFIED:
        return {};
      case TaskState.TASK_STATE_WORKING:
      case TaskState.TASK_STATE_INPUT_REQUIRED:
        return { statuses: ["running"], asking };
      default:
        return { statuses: STATUSES[state] ?? [] };
    }
  }
}

/** Nothing more comes before somebody does something. */
function settles({ topic }: EventFrame): boolean {
  return topic === "question.asked" || endsRun(topic);
}

const STATUSES: Partial<Record<TaskState, readonly RunStatus[]>> = {
  [TaskState.TASK_STATE_SUBMITTED]: ["queued"],
  [TaskState.TASK_STATE_COMPLETED]: ["completed"],
  [TaskState.TASK_STATE_CANCELED]: ["cancelled"],
  [TaskState.TASK_STATE_FAILED]: ["failed", "interrupted"],
};
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
const LAST = { append: false, lastChunk: true, metadata: undefined };

function about({ runId, contextId }: TaskRow) {
  return { taskId: runId, contextId, metadata: undefined };
}

function statusUpdate(row: TaskRow, { status }: Pick<Task, "status">): StreamResponse {
  return { payload: { $case: "statusUpdate", value: { ...about(row), status } } };
}

function artifactUpdate(
  row: TaskRow,
  text: string,
  { append, lastChunk = false }: { append: boolean; lastChunk?: boolean },
): StreamResponse {
  const artifact = artifactOf(ANSWER, [textPart(text)]);
  return { payload: { $case: "artifactUpdate", value: { ...about(row), artifact, append, lastChunk } } };
}

function checkLength(historyLength: number | undefined): void {
  if (historyLength !== undefined && historyLength < 0) throw new RequestMalformedError("historyLength is negative");
}

function hasEnded(taskId: string): UnsupportedOperationError {
  return new UnsupportedOperationError(`Task "${taskId}" has ended; send the message without its id`);
}

/** RFC 3339 alone, as protobuf's JSON has times: what else `Date` reads is a guess. */
function readTime(text: string): number {
  const time = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new RequestMalformedError("statusTimestampAfter is not a time of RFC 3339");
  return time;
}

function readPlace(token: string): { changedAt: number; runId: string } {
  try {
    const [changedAt, runId] = JSON.parse(Buffer.from(token, "base64url").toString()) as unknown[];
    if (typeof changedAt === "number" && typeof runId === "string") return { changedAt, runId };
  } catch {
    // Told below.
  }
  throw new RequestMalformedError("pageToken is not one of ours");
}
