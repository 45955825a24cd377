/** The nodes of the cluster: which are there, which ask to be let in, and what one answers. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Result } from "../../client/client.ts";
import { createLoaded } from "./loaded.ts";
import type { Part, PartNeeds } from "./panel.ts";
import type { Phase } from "./phase.ts";

export type ShownNode = Result<"node.list">["nodes"][number];
export type NodeCall = Result<"node.get">["calls"][number];
export type NodeAnswer = Result<"node.invoke">;

export interface Nodes extends Part {
  /** Undefined until they are known. */
  readonly list: ReadonlySignal<readonly ShownNode[] | undefined>;
  /** When the list was told. */
  readonly takenAt: ReadonlySignal<number | undefined>;
  readonly phase: ReadonlySignal<Phase>;
  /** What the last call by hand gave, by node. */
  readonly answers: ReadonlySignal<Readonly<Record<string, { readonly answer: NodeAnswer; readonly at: number }>>>;
  /** Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
  /** Rejects with the server's reason, as all below. */
  calls(id: string): Promise<readonly NodeCall[]>;
  /** Asks it for what it is: the smallest call that there is. */
  test(id: string): Promise<void>;
  revoke(id: string): Promise<void>;
}

/** It tells what machine it is, and changes nothing. */
export const TEST_COMMAND = "system.info";

export function createNodes({ call, now }: PartNeeds): Nodes {
  const answers = signal<Readonly<Record<string, { readonly answer: NodeAnswer; readonly at: number }>>>({});
  const { value, phase, load, renew } = createLoaded(async () => ({
    nodes: (await call("node.list", {})).nodes,
    at: now(),
  }));
  return {
    list: computed(() => value.value?.nodes),
    takenAt: computed(() => value.value?.at),
    phase,
    answers,
    load,
    renew,
    async calls(id) {
      return (await call("node.get", { node: id })).calls;
    },
    async test(id) {
      const answer = await call("node.invoke", { node: id, command: TEST_COMMAND, args: {} });
      answers.value = { ...answers.peek(), [id]: { answer, at: now() } };
    },
    async revoke(id) {
      await call("node.revoke", { node: id });
      await load();
    },
    handle({ topic }) {
      if (topic === "node.output" || !(topic.startsWith("node.") || topic === "auth.pairing_resolved")) return;
      void renew();
    },
  };
}
