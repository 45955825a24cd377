/** The terminal interface apart from the terminal: keys and the wheel go in, frames come out. */
import { type Signal, signal } from "@preact/signals";
import type { Params } from "../client/client.ts";
import type { Decision, Question } from "../panel/state/approvals.ts";
import { sentences } from "../panel/state/phase.ts";
import { AlephError } from "../protocol/errors.ts";
import { MAIN_SESSION_KEY } from "../protocol/session-key.ts";
import { createColour } from "./code.ts";
import { filesIn, menuAt } from "./completion.ts";
import { createRowsOf, type RowsOf } from "./conversation-rows.ts";
import type { Desk } from "./desk.ts";
import { EMPTY, type Field } from "./field.ts";
import { clean, type Hue } from "./line.ts";
import type { ThemeName } from "./theme.ts";
import { type Focus, initialState, type Overlay, questionsOf, type UiState } from "./ui-state.ts";

export type Attachment = NonNullable<Params<"agent.run">["attachments"]>[number];

export interface UiOptions {
  readonly desk: Desk;
  readonly theme: ThemeName;
  /** Newest first. */
  readonly history: { readonly entries: readonly string[]; add(text: string): void };
  readonly readAttachment: (path: string) => Promise<Attachment>;
  /** What `@` paths are relative to. */
  readonly folder: string;
  readonly now: () => number;
  readonly createId: () => string;
  /** Bytes that one message to the server may have. */
  readonly maxPayload: number;
  /** Called once; the answer of the command. */
  readonly leave: (code: number) => void;
}

/** Nobody allows by a key that was meant for something else. */
const READY_AFTER_MS = 600;
/** Base64 makes four of three; the rest of the frame needs some room. */
const FRAME_ROOM = 64 * 1024;
const MOST_FILES = 20;

export class Ui {
  readonly desk: Desk;
  readonly options: UiOptions;
  readonly state: Signal<UiState>;
  readonly rowsOf: RowsOf;
  /** When each question was first in sight. */
  readonly #since = new Map<string, number>();
  /** A message whose answer was lost: the server may have it, and sent once more it is the same one. */
  #lost: { readonly text: string; readonly sessionKey: string; readonly id: string } | undefined;
  /** How high the conversation was drawn last: what a page is. */
  pageRows = 10;

  constructor(options: UiOptions) {
    this.desk = options.desk;
    this.options = options;
    this.state = signal(initialState(options.theme));
    this.rowsOf = createRowsOf(createColour());
  }

  get now(): number {
    return this.options.now();
  }

  set(change: Partial<UiState>): void {
    this.state.value = { ...this.state.peek(), ...change };
  }

  write(field: Field): void {
    const same = field.text === this.state.peek().field.text;
    this.set({ field, ...(same ? {} : { menuIndex: 0, menuClosed: undefined, notice: undefined }) });
  }

  say(text: string, hue: Hue = "muted"): void {
    this.set({ notice: { text, hue } });
  }

  /** What went wrong with something that was asked of the server. */
  fail(thrown: unknown): void {
    this.say(sentences(thrown), "bad");
  }

  /** Does it, and says what went wrong. */
  try(work: () => Promise<unknown>): void {
    work().catch((thrown: unknown) => this.fail(thrown));
  }

  menu() {
    const { field, menuClosed, overlay } = this.state.value;
    if (this.focus() !== "field" || overlay || menuClosed === field.text || field.back >= 0) return undefined;
    return menuAt(field, { words: this.desk.commands.list.value ?? [], folder: this.options.folder });
  }

  /** The question that stands above the message: the oldest of this conversation. */
  question(): Question | undefined {
    const [first] = questionsOf(this.desk.approvals.waiting.value, this.desk.conversation.value.key);
    if (first && !this.#since.has(first.approval_id)) this.#since.set(first.approval_id, this.now);
    return first;
  }

  /** A question takes the keys where nothing is written; Esc puts it off. */
  focus(): Focus {
    const { focus, field, later } = this.state.value;
    const question = this.question();
    if (focus === "approval") return question ? "approval" : "field";
    const takes = focus === "field" && question && field.text === "" && later !== question.approval_id;
    return takes ? "approval" : focus;
  }

  isReady({ approval_id }: Question): boolean {
    return this.now - (this.#since.get(approval_id) ?? this.now) >= READY_AFTER_MS;
  }

  /** Whether time alone changes what is seen. */
  get isTicking(): boolean {
    const { wire, approvals, conversation } = this.desk;
    return (
      wire.peek().kind === "lost" ||
      approvals.waiting.peek().length > 0 ||
      conversation.peek().activeRun.peek() !== undefined
    );
  }

  answer(question: Question, decision: Decision): void {
    this.set({ focus: "field", approvalTop: 0 });
    this.try(() => this.desk.approvals.resolve(question.approval_id, decision));
  }

  /** For the next time; without room for it the conversation goes on all the same. */
  remember(text: string): void {
    try {
      this.options.history.add(text);
    } catch (thrown) {
      this.say(`Not kept in the history: ${thrown instanceof Error ? thrown.message : String(thrown)}`, "warn");
    }
  }

  /** `steer` reaches the answer that is being written. */
  send(mode: "queue" | "steer"): void {
    const { field } = this.state.peek();
    if (field.text.trim() === "") return;
    const { text } = field;
    const { key: sessionKey } = this.desk.conversation.peek();
    const isAgain = this.#lost?.text === text && this.#lost.sessionKey === sessionKey;
    const id = isAgain ? this.#lost!.id : this.options.createId();
    this.#lost = undefined;
    this.set({ field: EMPTY, notice: undefined, anchor: undefined, leftAt: undefined });
    this.remember(text);
    this.try(async () => {
      try {
        const attachments = await this.#attachmentsOf(text);
        await this.desk.send({
          message: text,
          mode,
          idempotency_key: `tui-${id}`,
          ...(attachments.length > 0 ? { attachments } : {}),
        });
      } catch (thrown) {
        if (AlephError.from(thrown).reason === "cancelled") this.#lost = { text, sessionKey, id };
        if (this.state.peek().field.text === "") this.set({ field });
        this.say(`Not sent: ${sentences(thrown)}`, "bad");
      }
    });
  }

  async #attachmentsOf(text: string): Promise<Attachment[]> {
    const files = filesIn(text, this.options.folder);
    if (files.length > MOST_FILES)
      throw new AlephError("invalid_params", `At most ${MOST_FILES} files go with one message`);
    const room = Math.floor((this.options.maxPayload - FRAME_ROOM) * 0.75);
    if (files.reduce((sum, { size }) => sum + size, 0) > room)
      throw new AlephError("invalid_params", `Together the files may have ${Math.floor(room / 1e6)} MB`);
    return Promise.all(files.map(({ path }) => this.options.readAttachment(path)));
  }

  /** The run that is under way, and those that wait behind it, stop. */
  stop(): boolean {
    const conversation = this.desk.conversation.peek();
    const runId = conversation.activeRun.peek();
    if (runId === undefined) return false;
    this.try(() => conversation.stop(runId, "cancel"));
    return true;
  }

  interrupt(): void {
    const { leaving, field, overlay } = this.state.peek();
    if (leaving) return void this.options.leave(130);
    if (overlay) return void this.set({ overlay: undefined });
    if (this.stop()) this.set({ leaving: true, notice: { text: "Stopping; Ctrl+C again leaves", hue: "warn" } });
    else if (field.text !== "") this.set({ field: EMPTY });
    else this.set({ leaving: true, notice: { text: "Ctrl+C again leaves", hue: "warn" } });
  }

  open(sessionKey: string): void {
    if (this.desk.conversation.peek().key !== sessionKey) this.desk.open(sessionKey);
    this.set({
      anchor: undefined,
      leftAt: undefined,
      chosen: undefined,
      focus: "field",
      overlay: undefined,
      notice: undefined,
    });
  }

  begin(): void {
    this.try(async () => {
      const { session_key } = await this.desk.call("session.create", {});
      this.open(session_key);
    });
  }

  /** The model of the open conversation; null is the agent's own. */
  choose(model: string | null): void {
    this.try(async () => {
      await (await this.desk.made()).patch({ model });
      this.say(`From here on: ${clean(model ?? "the agent's own model")}`);
    });
  }

  rename(sessionKey: string, title: string): void {
    this.overlay({
      kind: "write",
      title: "Name of the conversation",
      field: { ...EMPTY, text: title, cursor: title.length },
      done: (text) => {
        if (text.trim() !== "") this.try(() => this.desk.sessions.rename(sessionKey, text.trim().slice(0, 200)));
      },
    });
  }

  remove(sessionKey: string, title: string): void {
    if (sessionKey === MAIN_SESSION_KEY && this.desk.conversation.peek().phase.peek().kind !== "ready") return;
    this.overlay({
      kind: "confirm",
      text: `Delete "${title}" with all its messages? This cannot be undone`,
      yes: () => this.try(() => this.desk.remove(sessionKey)),
    });
  }

  overlay(overlay: Overlay | undefined): void {
    this.set({ overlay, notice: undefined });
  }
}
