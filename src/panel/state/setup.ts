/** Setting up a model, step by step: which provider, its address and key, a real call, which model, and writing it down. */
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Params, Result } from "../../client/client.ts";
import { freeName, KINDS, type Kind, nameFor } from "../../protocol/provider-kind.ts";
import type { Call } from "./connection.ts";
import { sentences } from "./phase.ts";

export type Trial = Result<"models.try">;
export type FoundProvider = Result<"models.config">["providers"][number];
export type SetupStep = "kind" | "details" | "model" | "done";

export interface SetupDraft {
  readonly kind: Kind;
  /** The name of its table. */
  readonly id: string;
  readonly address: string;
  readonly key: string;
  readonly keep: "file" | "keychain";
  readonly model: string | undefined;
  readonly asDefault: boolean;
}

export interface Setup {
  readonly step: ReadonlySignal<SetupStep>;
  /** What can be chosen, what this server found first. */
  readonly kinds: ReadonlySignal<readonly { readonly kind: Kind; readonly found: FoundProvider | undefined }[]>;
  readonly draft: ReadonlySignal<SetupDraft | undefined>;
  /** What the server has of this kind already: a key that is at hand, an address that answers. */
  readonly found: ReadonlySignal<FoundProvider | undefined>;
  /** The model that answers by default now, other than the demo. */
  readonly defaultNow: ReadonlySignal<string | undefined>;
  /** Of the last real call. */
  readonly trial: ReadonlySignal<Trial | undefined>;
  readonly busy: ReadonlySignal<boolean>;
  /** Why the server refused, in whole sentences. */
  readonly trouble: ReadonlySignal<string | undefined>;
  /** Never rejects, as all below: `trouble` says what went wrong. */
  load(): Promise<void>;
  choose(kind: Kind): void;
  change(change: Partial<Omit<SetupDraft, "kind">>): void;
  /** A real call; goes on to the models when it answered. */
  test(): Promise<void>;
  /** Writes it down; a model other than the one that answered is asked first. `untested`: whether it answered or not. */
  save(untested?: boolean): Promise<void>;
  back(): void;
}

export function createSetup(call: Call): Setup {
  const step = signal<SetupStep>("kind");
  const config = signal<Result<"models.config"> | undefined>(undefined);
  const draft = signal<SetupDraft | undefined>(undefined);
  const trial = signal<Trial | undefined>(undefined);
  const busy = signal(false);
  const trouble = signal<string | undefined>(undefined);

  const providers = computed(() => config.value?.providers.filter(({ from }) => from !== "built-in") ?? []);
  const foundOf = (kind: Kind | undefined) => providers.value.find(({ type }) => type === kind?.type);
  const kinds = computed(() =>
    KINDS.map((kind) => ({ kind, found: foundOf(kind) })).toSorted((a, b) => Number(!!b.found) - Number(!!a.found)),
  );
  const found = computed(() => foundOf(draft.value?.kind));
  const defaultNow = computed(() => {
    const { default: now, providers: all = [] } = config.value ?? {};
    const owner = all.find(({ id }) => now?.startsWith(`${id}/`));
    return now && owner && owner.from !== "built-in" ? now : undefined;
  });

  /** Grows with each piece of work, and with what makes it pointless: its answer is not heard then. */
  let current = 0;
  /** What is being written can no longer be taken back. */
  let isWriting = false;

  async function work(act: (isCurrent: () => boolean) => Promise<void>): Promise<void> {
    if (busy.peek()) return;
    const mine = ++current;
    const isCurrent = () => mine === current;
    busy.value = true;
    trouble.value = undefined;
    try {
      await act(isCurrent);
    } catch (error) {
      if (isCurrent()) trouble.value = sentences(error);
    } finally {
      if (isCurrent()) busy.value = false;
    }
  }

  /** A model may take its time: who goes back, or changes what is asked, does not wait for its answer. */
  function abandon(): void {
    current++;
    busy.value = false;
  }

  /** A name that no service at another address has: the table and the key of that one stay its own. */
  function nameOf({ type }: Kind, address: string): string {
    const bare = (url: string | null) => url?.replace(/\/+$/, "");
    const own = providers.value.find((one) => one.type === type && bare(one.base_url) === bare(address));
    if (own && own.from !== "environment") return own.id;
    return freeName(nameFor(address), new Set(config.value?.providers.map(({ id }) => id)));
  }

  /** Whether nothing is new but the default: the key in the environment is used as it is. */
  function isAsFound({ key, address }: SetupDraft): boolean {
    const own = found.peek();
    return own?.from === "environment" && own.has_key && key === "" && address === (own.base_url ?? "");
  }

  function proposal({ kind, id, address, key, model }: SetupDraft): Params<"models.try"> {
    return {
      id,
      type: kind.type,
      ...(address === "" ? {} : { base_url: address }),
      ...(key === "" ? {} : { api_key: key }),
      ...(model === undefined ? {} : { model }),
    };
  }

  function ask(wanted: SetupDraft): Promise<Trial> {
    const { model } = wanted;
    if (!isAsFound(wanted)) return call("models.try", proposal(wanted));
    const { id } = found.peek()!;
    return call("models.test", { target: model === undefined ? id : `${id}/${model}` });
  }

  async function write(wanted: SetupDraft, untested: boolean): Promise<void> {
    isWriting = true;
    try {
      await store(wanted, untested);
    } finally {
      isWriting = false;
    }
  }

  async function store(wanted: SetupDraft, untested: boolean): Promise<void> {
    const { model, keep, asDefault } = wanted;
    if (isAsFound(wanted)) {
      const ref = model === undefined ? undefined : `${found.peek()!.id}/${model}`;
      if (asDefault && ref !== undefined) await call("config.patch", { patch: { models: { default: ref } } });
    } else {
      const answer = await call("models.save", { ...proposal(wanted), keep, as_default: asDefault, untested });
      if (answer.trial) trial.value = answer.trial;
      if (!answer.saved) return;
    }
    step.value = "done";
  }

  return {
    step,
    kinds,
    draft,
    found,
    defaultNow,
    trial,
    busy,
    trouble,
    async load() {
      trouble.value = undefined;
      try {
        config.value = await call("models.config", {});
      } catch (error) {
        trouble.value = sentences(error);
      }
    },
    choose(kind) {
      const own = foundOf(kind);
      const address = kind.asksAddress ? (own?.base_url ?? kind.address ?? "") : "";
      batch(() => {
        const id = own && own.from !== "environment" ? own.id : kind.type;
        draft.value = {
          kind,
          id: kind.type === id && kind.address === undefined && kind.asksAddress ? nameOf(kind, address) : id,
          address: own?.from === "environment" ? (own.base_url ?? "") : address,
          key: "",
          keep: "file",
          model: undefined,
          asDefault: true,
        };
        trial.value = undefined;
        trouble.value = undefined;
        step.value = kind.key === "none" && !kind.asksAddress ? "done" : "details";
      });
    },
    change(change) {
      const before = draft.peek();
      if (!before || isWriting) return;
      abandon();
      const { kind, address, id } = before;
      // The name follows the address until somebody gives one.
      const follows = kind.asksAddress && kind.address === undefined && id === nameOf(kind, address);
      const renamed = change.address !== undefined && follows ? { id: nameOf(kind, change.address) } : {};
      draft.value = { ...before, ...renamed, ...change };
      if (change.model === undefined) trial.value = undefined;
    },
    test: () =>
      work(async (isCurrent) => {
        const wanted = { ...draft.peek()!, model: undefined };
        const answer = await ask(wanted);
        if (!isCurrent()) return;
        batch(() => {
          trial.value = answer;
          if (!answer.ok) return;
          draft.value = { ...wanted, model: answer.model ?? undefined };
          step.value = "model";
        });
      }),
    save: (untested = false) =>
      work(async (isCurrent) => {
        const wanted = draft.peek()!;
        const answered = trial.peek();
        if (untested || (answered?.ok && answered.model === wanted.model)) {
          // It has just answered: asking it again would cost the person a second call.
          await write(wanted, true);
          return;
        }
        const answer = await ask(wanted);
        if (!isCurrent()) return;
        trial.value = { ...answer, ...(answer.models ? {} : { models: answered?.models ?? [] }) };
        if (answer.ok) await write(wanted, true);
      }),
    back() {
      if (isWriting) return;
      abandon();
      batch(() => {
        trouble.value = undefined;
        if (step.peek() === "model") {
          step.value = "details";
          trial.value = undefined;
        } else {
          step.value = "kind";
          draft.value = undefined;
        }
      });
    },
  };
}
