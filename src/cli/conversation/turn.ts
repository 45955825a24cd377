/** One message and its run at a terminal or on a pipe: shown as it goes, asked about, cancelled with Ctrl-C. */
import { type Client, isTopic, type Params } from "../../client/client.ts";
import { describeError } from "../../lib/log.ts";
import { printable, printableLine } from "../../lib/terminal-text.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { EventData, EventFrame } from "../../protocol/events.ts";
import { EXIT } from "../exit-codes.ts";
import { interrupted } from "../question.ts";
import type { Terminal } from "../terminal.ts";
import { askApproval, type Decision, type Question, writeQuestion } from "./approval.ts";
import type { Ending, FollowedRun, RunFollower } from "./followed-run.ts";
import { type Lines, readLines } from "./lines.ts";
import { RunView } from "./view.ts";

export interface TurnOptions {
  readonly client: Client;
  readonly follower: RunFollower;
  readonly terminal: Terminal;
  readonly params: Params<"agent.run">;
  readonly thinking: boolean;
  /** Gets each event instead of the view; nobody is asked then. */
  readonly onEvent?: (event: EventFrame) => void;
  /** A line typed during the run that was no answer and could not be given to the run. */
  readonly onLeftOver?: (line: string) => void;
}

export interface TurnResult extends Ending {
  readonly runId: string;
  readonly sessionKey: string;
  /** Approvals that were denied because there was nobody to ask. */
  readonly unasked: number;
}

/** Rejects when the message was not accepted, the connection was lost for good, or Ctrl-C was pressed a third time. */
export async function runTurn(options: TurnOptions): Promise<TurnResult> {
  await using turn = new Turn(options);
  return await turn.run();
}

class Turn implements AsyncDisposable {
  readonly #o: TurnOptions;
  readonly #view: RunView;
  readonly #lines: Lines | undefined;
  readonly #left = Promise.withResolvers<never>();
  readonly #questions: { question: Question; closed: AbortController }[] = [];
  #asking = false;
  #run: FollowedRun | undefined;
  #interrupts = 0;
  #over = false;
  #unasked = 0;

  constructor(options: TurnOptions) {
    this.#o = options;
    this.#view = new RunView(options.terminal, { thinking: options.thinking });
    if (options.terminal.interactive && !options.onEvent) {
      this.#lines = readLines(options.terminal.input);
      this.#lines.onLine = (line) => void this.#typed(line);
    }
    process.on("SIGINT", this.#onInterrupt);
  }

  async run(): Promise<TurnResult> {
    const { follower, params } = this.#o;
    const run = await Promise.race([follower.start(params, (event) => this.#receive(event)), this.#left.promise]);
    this.#run = run;
    if (this.#interrupts > 0) this.#stop("agent.cancel");
    const ending = await Promise.race([run.ended, this.#left.promise]);
    return { ...ending, runId: run.runId, sessionKey: run.sessionKey, unasked: this.#unasked };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    process.off("SIGINT", this.#onInterrupt);
    for (const { closed } of this.#questions) closed.abort();
    this.#lines?.[Symbol.dispose]();
    if (!this.#o.onEvent) this.#view.end();
  }

  readonly #onInterrupt = (): void => {
    this.#interrupts++;
    if (this.#interrupts === 1) {
      this.#note("cancelling; Ctrl-C again aborts what still runs");
      if (this.#run) this.#stop("agent.cancel");
    } else if (this.#interrupts === 2 && this.#run) this.#stop("agent.abort");
    else this.#left.reject(interrupted());
  };

  #stop(method: "agent.cancel" | "agent.abort"): void {
    const { client } = this.#o;
    client.call(method, { run_id: this.#run!.runId }).catch((thrown: unknown) => {
      // The run's own end is what counts; after it the answer may find nobody.
      if (!this.#over) this.#noteFailure(thrown);
    });
  }

  #receive(event: EventFrame): void {
    if (isTopic(event, "approval.requested")) this.#requested(event.data);
    if (isTopic(event, "approval.resolved")) {
      const { approval_id, by, decision } = event.data;
      const open = this.#questions.find(({ question }) => question.approval_id === approval_id);
      if (open)
        this.#closedElsewhere(open.closed, by === null ? "nobody answered in time, or the run ended" : decision);
    }
    if (isTopic(event, "question.asked")) this.#asked(event.data);
    if (this.#o.onEvent) this.#o.onEvent(event);
    else this.#view.event(event);
  }

  /** The next line that is typed is the answer; where nobody types, that is what the model is told. */
  #asked({ run_id, question, options }: EventData<"question.asked">): void {
    const { err } = this.#o.terminal;
    this.#view.pause();
    err.write(`\n${err.style.yellow("?")} ${err.style.bold(printable(question))}\n`);
    for (const option of options) err.write(`  - ${printableLine(option)}\n`);
    if (this.#lines) return void err.write(`  ${err.style.dim("type your answer")}\n`);
    const message = "[There is nobody at the terminal who could answer]";
    this.#o.client.call("agent.steer", { run_id, message }).catch((thrown: unknown) => this.#noteFailure(thrown));
  }

  /** Somebody answered at another place, or nobody will. */
  #closedElsewhere(closed: AbortController, how: string): void {
    closed.abort();
    this.#o.terminal.err.write(`\n  The question is closed: ${how}\n`);
  }

  #requested(question: Question): void {
    if (this.#lines) {
      this.#questions.push({ question, closed: new AbortController() });
      if (!this.#asking) void this.#askAll();
    } else this.#denyUnasked(question);
  }

  /** One question after the other, however many the run asks at once. */
  async #askAll(): Promise<void> {
    this.#asking = true;
    for (let next = this.#questions[0]; next; next = this.#questions[0]) {
      const { question, closed } = next;
      const { err } = this.#o.terminal;
      this.#view.pause();
      const decision = closed.signal.aborted
        ? undefined
        : await askApproval(err, this.#lines!, question, { now: Date.now(), signal: closed.signal });
      this.#questions.shift();
      if (decision) await this.#resolve(question, decision);
    }
    this.#asking = false;
    if (!this.#over) this.#view.resume();
  }

  /** Where nobody can be asked the answer is no, and said to be. */
  #denyUnasked(question: Question): void {
    const { err } = this.#o.terminal;
    this.#unasked++;
    this.#view.pause();
    writeQuestion(err, question);
    err.write("  Denied: there is no terminal to ask at. Run this at a terminal once and answer a for always\n");
    void this.#resolve(question, "deny");
  }

  async #resolve({ approval_id }: Question, decision: Decision): Promise<void> {
    try {
      await this.#o.client.call("approvals.resolve", { approval_id, decision });
    } catch (thrown) {
      this.#noteFailure(thrown);
    }
  }

  /** Lines during a run: `/stop`, or something more for the model to know. */
  async #typed(line: string): Promise<void> {
    const text = line.trim();
    const run = this.#run;
    if (text === "") return;
    if (text === "/stop") return this.#onInterrupt();
    if (text.startsWith("/") || !run) return this.#o.onLeftOver?.(text);
    try {
      await this.#o.client.call("agent.steer", { run_id: run.runId, message: text });
      this.#note("added to the run; the model sees it at its next step");
    } catch (thrown) {
      if (thrown instanceof AlephError && thrown.reason === "conflict") this.#o.onLeftOver?.(text);
      else this.#noteFailure(thrown);
    }
  }

  #note(text: string): void {
    if (this.#o.onEvent) this.#o.terminal.err.write(`${text}\n`);
    else this.#view.note(text);
  }

  #noteFailure(thrown: unknown): void {
    this.#note(thrown instanceof AlephError ? thrown.message : String(describeError(thrown).error));
  }
}

/** The exit code for how a message ended. */
export function exitCodeOfTurn({ status, unasked }: TurnResult): number {
  if (status === "cancelled") return EXIT.interrupted;
  if (status !== "completed") return EXIT.failure;
  return unasked > 0 ? EXIT.forbidden : EXIT.ok;
}
