/**
 * A simulator of approvals: a seeded schedule of calls, answers, edits, time, restarts, replays and revocations is played on
 * the real parts, and a model that is simple enough to be seen right says after each step what may have happened.
 */
import type { Database } from "bun:sqlite";
import { canonicalJson } from "../../../src/lib/canonical-json.ts";
import { Approvals, type Decision } from "../../../src/policy/approvals.ts";
import { askUntilSame } from "../../../src/policy/asking.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import type { Publisher } from "../../../src/sdk/bus.ts";
import type { Store } from "../../../src/sdk/store.ts";
import type { Prepared, ToolContext } from "../../../src/sdk/tool.ts";
import { openStore } from "../../../src/store/store.ts";
import { testLog } from "../../support/log.ts";
import { seededRandom } from "../../support/random.ts";

/** A bug put back into the real parts, to see that the model finds it. */
export interface Twin {
  /** Changes statements on their way to the database. */
  readonly sql?: (statement: string) => string;
  /** The clock stands still for the approvals. */
  readonly stoppedClock?: true;
  /** What was approved runs without a second look. */
  readonly noSecondLook?: true;
  /** A restart forgets nothing. */
  readonly noExpiryAtStart?: true;
}

/** Of the schedule's own clock; the real one never gets that far. */
const TTL_MS = 100_000;
const STEPS = 14;
const SESSIONS = ["agent:main:main", "agent:main:chat:other"];
const DECISIONS: readonly Decision[] = ["once", "once", "session", "always", "deny"];
const APPROVERS = ["owner", "device-1"];

interface ModelApproval {
  readonly id: string;
  readonly call: Call;
  readonly plan: string;
  readonly expiresAt: number;
  /** In which life of the process it was asked. */
  readonly life: number;
  answered: boolean;
}

interface Call {
  readonly session: string;
  readonly file: number;
  readonly life: number;
  readonly abort: AbortController;
  aborted: boolean;
  /** Plans that somebody allowed for this call alone, unused. */
  readonly once: Set<string>;
  ended: "ran" | "refused" | undefined;
}

interface ModelGrant {
  readonly id: string;
  /** Of which session; everywhere when undefined. */
  readonly session: string | undefined;
  readonly what: string;
}

/** Plays schedules over one database; each has plans of its own, so that none meets another's grants. */
export function approvalsSimulator(twin: Twin = {}): Disposable & { play(seed: number): Promise<string | undefined> } {
  const { log } = testLog();
  const opened = openStore(":memory:", { log });
  const store: Store = twin.sql ? changed(opened, twin.sql) : opened;
  const stores = { of: () => store, all: () => [store] };
  return {
    async play(seed) {
      const fault = await new Schedule(seed, stores, twin).play();
      opened.db.run("DELETE FROM approval_grant");
      opened.db.run("DELETE FROM approval");
      return fault;
    },
    [Symbol.dispose]: () => void opened[Symbol.asyncDispose](),
  };
}

class Schedule {
  readonly #random: () => number;
  readonly #seed: number;
  readonly #stores: ConstructorParameters<typeof Approvals>[0]["stores"];
  readonly #twin: Twin;
  readonly #calls: Call[] = [];
  readonly #asked: ModelApproval[] = [];
  #grants: ModelGrant[] = [];
  readonly #versions = [0, 0];
  #now: number;
  readonly #began: number;
  #life = 0;
  #approvals: Approvals;
  #fault: string | undefined;

  constructor(seed: number, stores: ConstructorParameters<typeof Approvals>[0]["stores"], twin: Twin) {
    this.#seed = seed;
    this.#random = seededRandom(seed);
    this.#stores = stores;
    this.#twin = twin;
    this.#began = 1_000_000 + seed * 1_000_000;
    this.#now = this.#began;
    this.#approvals = this.#born();
  }

  /** The first thing that the model did not allow; nothing when all was well. */
  async play(): Promise<string | undefined> {
    for (let step = 0; step < STEPS && this.#fault === undefined; step++) {
      const choice = this.#pick(100);
      if (choice < 30) this.#call();
      else if (choice < 58) await this.#decide();
      else if (choice < 66) await this.#race();
      else if (choice < 76) this.#versions[this.#pick(2)]!++;
      else if (choice < 83) this.#now += this.#pick(TTL_MS);
      else if (choice < 87) await this.#restart();
      else if (choice < 93) await this.#replay();
      else if (choice < 97) await this.#revoke();
      else this.#abort();
      await settled();
    }
    for (const approval of this.#asked) await this.#resolve(approval, "deny", "owner").catch(() => "checked inside");
    await settled();
    for (const call of this.#calls) call.abort.abort();
    await settled();
    return this.#fault;
  }

  #born(): Approvals {
    const life = this.#life;
    const bus: Publisher = {
      publish: (topic, data) => {
        if (topic === "approval.requested" && life === this.#life) this.#onAsked(data);
        return 0;
      },
    };
    const now = this.#twin.stoppedClock ? () => this.#began : () => this.#now;
    return new Approvals({ stores: this.#stores, bus, log: testLog().log, now });
  }

  #call(): void {
    const call: Call = {
      session: SESSIONS[this.#pick(2)]!,
      file: this.#pick(2),
      life: this.#life,
      abort: new AbortController(),
      aborted: false,
      once: new Set(),
      ended: undefined,
    };
    this.#calls.push(call);
    const prepare = async (): Promise<Prepared> => this.#prepared(call);
    void prepare()
      .then((first) =>
        askUntilSame(
          first,
          {
            approvals: this.#approvals,
            ttlMs: TTL_MS,
            tool: "exec",
            again: this.#twin.noSecondLook ? async () => first : prepare,
          },
          this.#context(call),
        ),
      )
      .then((asked) => {
        // A process that is gone runs nothing.
        if (call.life !== this.#life) return;
        call.ended = "prepared" in asked ? "ran" : "refused";
        if (call.ended === "ran") this.#onRun(call, this.#prepared(call));
      })
      .catch((thrown: unknown) => this.#fail(`the call threw ${String(thrown)}`));
  }

  /** What a call would do now: the content of its file counts. */
  #prepared({ file }: Call): Prepared {
    const plan = { command: `run file-${file}`, seed: this.#seed, version: this.#versions[file]! };
    const pattern = { program: `file-${file}`, seed: this.#seed, version: this.#versions[file]! };
    return { tier: "ask", reason: "It runs a file", plan, pattern, run: async () => ({ ok: true, text: "" }) };
  }

  #context(call: Call): ToolContext {
    return {
      workspace: "/w",
      agent: "main",
      sessionKey: call.session,
      runId: null,
      callId: String(this.#calls.indexOf(call)),
      identity: { id: "owner", kind: "owner" },
      tainted: false,
      signal: call.abort.signal,
      log: testLog().log,
      progress: () => {},
    };
  }

  #onAsked(data: Readonly<Record<string, unknown>>): void {
    const call = this.#calls[Number(data.call_id)]!;
    const plan = canonicalJson(data.plan);
    if (this.#isGranted(call, data.plan)) this.#fail("asked for what was granted");
    this.#asked.push({
      id: String(data.approval_id),
      call,
      plan,
      expiresAt: this.#now + TTL_MS,
      life: this.#life,
      answered: false,
    });
  }

  #onRun(call: Call, { plan }: Prepared): void {
    const key = canonicalJson(plan);
    if (call.aborted) this.#fail("ran after it was cancelled");
    else if (!call.once.delete(key) && !this.#isGranted(call, plan)) {
      this.#fail(`ran without a yes for exactly that: ${key}`);
    }
  }

  #isGranted(call: Call, plan: unknown): boolean {
    const what = canonicalJson(plan);
    return this.#grants.some((grant) => grant.what === what && (grant.session ?? call.session) === call.session);
  }

  #open(approval: ModelApproval): boolean {
    const { answered, life, expiresAt, call } = approval;
    return !answered && life === this.#life && this.#now < expiresAt && !call.aborted;
  }

  async #decide(): Promise<void> {
    const approval = this.#some(this.#asked);
    if (approval) await this.#resolve(approval, this.#decision(), APPROVERS[this.#pick(2)]!);
  }

  /** Somebody sends an answer a second time, or another one. */
  async #replay(): Promise<void> {
    const approval = this.#some(this.#asked.filter(({ answered }) => answered));
    if (approval) await this.#resolve(approval, this.#decision(), APPROVERS[this.#pick(2)]!);
  }

  /** Two answer at the same moment. */
  async #race(): Promise<void> {
    const approval = this.#some(this.#asked);
    if (!approval) return;
    const wasOpen = this.#open(approval);
    const before = this.#grants;
    const answers = APPROVERS.map((by) => ({ by, decision: this.#decision() }));
    const results = await Promise.all(answers.map(({ by, decision }) => this.#send(approval, decision, by)));
    const taken = results.filter(Boolean).length;
    // Two that did not count have taken back each other's.
    if (taken === 0) this.#grants = before;
    if (taken !== (wasOpen ? 1 : 0)) this.#fail(`${taken} of two answers counted; open: ${wasOpen}`);
  }

  async #resolve(approval: ModelApproval, decision: Decision, by: string): Promise<void> {
    const wasOpen = this.#open(approval);
    const taken = await this.#send(approval, decision, by);
    if (taken !== wasOpen) this.#fail(`an answer ${taken ? "counted" : "did not count"}; open: ${wasOpen}`);
  }

  /** Whether it counted. The model hears of it before whoever waits does, and takes it back when it did not. */
  async #send(approval: ModelApproval, decision: Decision, by: string): Promise<boolean> {
    const undo = this.#expect(approval, decision);
    try {
      await this.#approvals.resolve({ approvalId: approval.id, decision, by });
      approval.answered = true;
      return true;
    } catch (thrown) {
      if (!(thrown instanceof AlephError) || thrown.reason !== "conflict")
        this.#fail(`resolve threw ${String(thrown)}`);
      undo();
      return false;
    }
  }

  #expect({ id, call, plan }: ModelApproval, decision: Decision): () => void {
    if (decision === "deny") return () => {};
    if (decision === "once") {
      if (call.once.has(plan)) return () => {};
      call.once.add(plan);
      return () => void call.once.delete(plan);
    }
    const grant = { id, session: decision === "session" ? call.session : undefined, what: plan };
    // The same grant twice is one, under its newest name.
    const replaced = this.#grants.filter(({ session, what }) => session === grant.session && what === plan);
    this.#grants = [...this.#grants.filter((other) => !replaced.includes(other)), grant];
    return () => {
      this.#grants = [...this.#grants.filter((other) => other !== grant), ...replaced];
    };
  }

  async #restart(): Promise<void> {
    this.#life++;
    this.#approvals = this.#born();
    if (!this.#twin.noExpiryAtStart) await this.#approvals.expireAll();
  }

  async #revoke(): Promise<void> {
    const mine = this.#approvals.grants().filter(({ allows }) => (allows as { seed?: number }).seed === this.#seed);
    const grant = this.#some(mine);
    if (!grant) return;
    await this.#approvals.revoke({ approvalId: grant.approval_id, by: "owner" });
    this.#grants = this.#grants.filter(({ id }) => id !== grant.approval_id);
  }

  #abort(): void {
    const call = this.#some(this.#calls.filter(({ life, ended }) => life === this.#life && ended === undefined));
    if (!call) return;
    call.aborted = true;
    call.abort.abort();
  }

  #decision(): Decision {
    return DECISIONS[this.#pick(DECISIONS.length)]!;
  }

  #some<T>(items: readonly T[]): T | undefined {
    return items[this.#pick(items.length)];
  }

  #pick(below: number): number {
    return Math.floor(this.#random() * below);
  }

  #fail(what: string): void {
    this.#fault ??= `seed ${this.#seed}: ${what}`;
  }
}

/** The real statements with a change in them. */
function changed(store: Store, change: (statement: string) => string): Store {
  const wrap = (db: Database): Database =>
    new Proxy(db, {
      get(target, name) {
        if (name === "query") return (statement: string) => target.query(change(statement));
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  return {
    ...store,
    db: wrap(store.db),
    failure: undefined,
    write: (work) => store.write((db) => work(wrap(db))),
    writeRelaxed: (work) => store.writeRelaxed((db) => work(wrap(db))),
  };
}

/** Everything here goes on in microtasks: after one turn of the loop nothing is under way. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
