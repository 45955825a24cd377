/** A provider with one key or several: which key a call takes, which keys rest, and word of each attempt. */
import { AlephError } from "../../protocol/errors.ts";
import type { Dialect, Forward, ModelRequest, OpenProvider, ProviderFailure, StreamPart } from "../../sdk/provider.ts";
import { providerError, providerFailureOf } from "../../sdk/provider-error.ts";
import type { Breaker } from "./breaker.ts";
import { createStickiness } from "./stickiness.ts";

/** One request to a vendor. */
export interface Attempt {
  readonly provider: string;
  /** Null where the request was handed on unread, and for lists. */
  readonly model: string | null;
  /** The key's place in the table, from 1; null where there is but one. */
  readonly key: number | null;
  readonly outcome: "ok" | "cancelled" | "error" | ProviderFailure;
  readonly status?: number;
  /** To the end of the reply; of what is handed on to its beginning. */
  readonly ms: number;
  /** The key that is asked instead, when this one failed. */
  readonly nextKey?: number;
}

export type OnAttempt = (attempt: Attempt) => void;

/** How one key failed, as `data.keys` of the error has it. */
export interface KeyFailure {
  readonly key: number;
  readonly failure: string;
  readonly status?: number;
}

export interface Key {
  /** The provider, opened with this key. */
  readonly provider: OpenProvider;
  readonly breaker: Breaker;
}

export interface KeyRing extends OpenProvider {
  /** The same, which tells `onAttempt` too. */
  observed(onAttempt: OnAttempt): OpenProvider;
}

export interface KeyRingOptions {
  readonly id: string;
  /** In the order of the table. */
  readonly keys: readonly [Key, ...Key[]];
  readonly now: () => number;
  readonly onAttempt: OnAttempt;
}

/** What another key may do better, and how long the first one then rests when the vendor does not say. */
const RESTS: Readonly<Partial<Record<ProviderFailure, { readonly first: number; readonly most: number }>>> = {
  rate_limit: { first: 15_000, most: 300_000 },
  quota: { first: 60_000, most: 3_600_000 },
  auth: { first: 60_000, most: 3_600_000 },
};

interface Member extends Key {
  readonly position: number;
  /** Rests since its last success. */
  rests: number;
  lastFailure: ProviderFailure;
}

export function createKeyRing({ id, keys, now, onAttempt }: KeyRingOptions): KeyRing {
  const members = keys.map(
    (key, index): Member => ({ ...key, position: index + 1, rests: 0, lastFailure: "rate_limit" }),
  );
  const first = members[0]!;
  const several = members.length > 1;
  const stickiness = createStickiness();
  let turn = 0;

  /** The next key that may be used, from `start` on round; nothing when the others rest or were tried. */
  function choose(start: number, tried: ReadonlySet<Member>): Member | undefined {
    for (let step = 0; step < members.length; step++) {
      const member = members[(start + step) % members.length]!;
      if (!tried.has(member) && (!several || member.breaker.allow())) return member;
    }
    return undefined;
  }

  /** Each call begins with the next key; a conversation that goes on stays with its own, whose cache knows it. */
  function startFor(request: ModelRequest | undefined): number {
    const own = request === undefined ? undefined : stickiness.get(request);
    return own ?? turn++ % members.length;
  }

  function rest(member: Member, failure: ProviderFailure, error: AlephError): void {
    const { first: least, most } = RESTS[failure]!;
    const told = error.data.retry_after_ms;
    member.lastFailure = failure;
    member.breaker.rest(typeof told === "number" && told > 0 ? told : Math.min(most, least * 2 ** member.rests));
    member.rests++;
  }

  function noneLeft(): AlephError {
    const soonest = members.toSorted((a, b) => a.breaker.pausedFor() - b.breaker.pausedFor())[0]!;
    return providerError(`All ${members.length} keys of provider "${id}" rest`, {
      provider: id,
      failure: soonest.lastFailure,
      retryAfterMs: Math.ceil(soonest.breaker.pausedFor()),
    });
  }

  /** Tells how an attempt with `member` went, and who is next if somebody else may do better. */
  function conclude(
    member: Member,
    thrown: unknown,
    began: boolean,
    tell: (outcome: Attempt["outcome"], more: { status?: number; nextKey?: number }) => void,
    after: (member: Member) => Member | undefined,
  ): { readonly error: AlephError; readonly next: Member | undefined } {
    const error = AlephError.from(thrown);
    const failure = providerFailureOf(error);
    const status = typeof error.data.status === "number" ? { status: error.data.status } : {};
    if (several) {
      if (failure !== undefined && RESTS[failure] !== undefined) rest(member, failure, error);
      else member.breaker.ended();
    }
    const next = several && !began && failure !== undefined && RESTS[failure] !== undefined ? after(member) : undefined;
    const outcome = failure ?? (error.reason === "cancelled" ? "cancelled" : "error");
    tell(outcome, { ...status, ...(next === undefined ? {} : { nextKey: next.position }) });
    return { error, next };
  }

  function keyFailure(member: Member, error: AlephError): KeyFailure {
    const { status } = error.data;
    return {
      key: member.position,
      failure: providerFailureOf(error) ?? error.reason,
      ...(typeof status === "number" ? { status } : {}),
    };
  }

  const withKeys = (error: AlephError, failures: readonly KeyFailure[]): AlephError =>
    several
      ? new AlephError(error.reason, error.message, { cause: error, data: { ...error.data, keys: failures } })
      : error;

  function succeeded(member: Member): void {
    member.rests = 0;
    if (several) member.breaker.succeeded();
  }

  function view(observer: OnAttempt): OpenProvider {
    const teller =
      (member: Member, model: string | null, started: number) =>
      (outcome: Attempt["outcome"], more: { status?: number; nextKey?: number } = {}) =>
        observer({
          provider: id,
          model,
          key: several ? member.position : null,
          outcome,
          ms: now() - started,
          ...more,
        });

    function call<T>(model: string | null, run: (provider: OpenProvider) => Promise<T>): Promise<T> {
      return several ? callOneOf(model, run) : callOnly(model, run);
    }

    async function callOneOf<T>(model: string | null, run: (provider: OpenProvider) => Promise<T>): Promise<T> {
      const tried = new Set<Member>();
      const failures: KeyFailure[] = [];
      const start = startFor(undefined);
      let member = choose(start, tried);
      if (member === undefined) throw noneLeft();
      for (;;) {
        tried.add(member);
        const tell = teller(member, model, now());
        try {
          const result = await run(member.provider);
          succeeded(member);
          tell("ok");
          return result;
        } catch (thrown) {
          const { error, next } = conclude(member, thrown, false, tell, () => choose(start, tried));
          failures.push(keyFailure(member, error));
          if (next === undefined) throw withKeys(error, failures);
          member = next;
        }
      }
    }

    /** With one key there is nothing to choose. */
    function callOnly<T>(model: string | null, run: (provider: OpenProvider) => Promise<T>): Promise<T> {
      const started = now();
      return run(first.provider).then(
        (result) => {
          observer({ provider: id, model, key: null, outcome: "ok", ms: now() - started });
          return result;
        },
        (thrown: unknown) => {
          throw conclude(first, thrown, false, teller(first, model, started), () => undefined).error;
        },
      );
    }

    async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<StreamPart, void, undefined> {
      const tried = new Set<Member>();
      const failures: KeyFailure[] = [];
      const start = several ? startFor(request) : 0;
      let member = choose(start, tried);
      if (member === undefined) throw noneLeft();
      while (member !== undefined) {
        const current: Member = member;
        tried.add(current);
        const tell = teller(current, request.model, now());
        let began = false;
        let open = true;
        try {
          for await (const part of current.provider.stream(request, signal)) {
            began = true;
            if (part.type === "finish") {
              // The reader may leave now, since nothing follows.
              open = false;
              succeeded(current);
              if (several) stickiness.set(request, current.position - 1);
              tell("ok");
            }
            yield part;
          }
          return;
        } catch (thrown) {
          if (!open) throw thrown;
          open = false;
          const { error, next } = conclude(current, thrown, began, tell, () => choose(start, tried));
          failures.push(keyFailure(current, error));
          if (next === undefined) throw withKeys(error, failures);
          member = next;
        } finally {
          if (open) {
            if (several) current.breaker.ended();
            tell("cancelled");
          }
        }
      }
    }

    const { takes, forward, embed, generateImage, startVideo, videoStatus, transcribe, speak } = first.provider;
    const forwards = (Object.keys(forward ?? {}) as Dialect[]).map((dialect): [Dialect, Forward] => [
      dialect,
      (...request) => call(null, (provider) => provider.forward![dialect]!(...request)),
    ]);
    return {
      id,
      stream,
      models: (signal) => call(null, (provider) => provider.models(signal)),
      ...(takes === undefined ? {} : { takes: (model) => first.provider.takes!(model) }),
      ...(forward === undefined ? {} : { forward: Object.fromEntries(forwards) }),
      ...(embed === undefined
        ? {}
        : { embed: (request, signal) => call(request.model, (provider) => provider.embed!(request, signal)) }),
      ...(generateImage === undefined
        ? {}
        : {
            generateImage: (request, signal) =>
              call(request.model, (provider) => provider.generateImage!(request, signal)),
          }),
      ...(startVideo === undefined || videoStatus === undefined
        ? {}
        : {
            startVideo: (request, signal) =>
              call(request.model, async (provider) => {
                const { job } = await provider.startVideo!(request, signal);
                return { job: several ? `${placeOf(provider)}/${job}` : job };
              }),
            videoStatus: (job, signal) => {
              const { member, own } = ownerOf(job);
              return member.provider.videoStatus!(own, signal);
            },
          }),
      ...(transcribe === undefined
        ? {}
        : {
            transcribe: (request, signal) => call(request.model, (provider) => provider.transcribe!(request, signal)),
          }),
      ...(speak === undefined
        ? {}
        : { speak: (request, signal) => call(request.model, (provider) => provider.speak!(request, signal)) }),
    };
  }

  const placeOf = (provider: OpenProvider) => members.find((member) => member.provider === provider)!.position;

  /** A job is known to the account that began it only. */
  function ownerOf(job: string): { readonly member: Member; readonly own: string } {
    const [, position = "", rest = job] = several ? (/^(\d{1,4})\/(.*)$/.exec(job) ?? []) : [];
    return { member: members[Number(position) - 1] ?? first, own: rest };
  }

  return {
    ...view(onAttempt),
    observed: (more) =>
      view((attempt) => {
        onAttempt(attempt);
        more(attempt);
      }),
  };
}
