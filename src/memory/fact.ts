/** Whose facts there are, and how they stand in the database. */
import { AlephError } from "../protocol/errors.ts";
import type { Identity } from "../protocol/identity.ts";
import type { Fact, Metadata } from "../sdk/memory.ts";

/** Whose facts: nobody sees those of another agent or another user. */
export interface Namespace {
  readonly agent: string;
  readonly owner: string;
}

export const MAX_CONTENT = 4000;
export const MAX_SUBJECT = 200;
export const MAX_METADATA = 8192;

/** The owner's devices share the owner's facts. Throws `forbidden` for guests and nodes: they have none. */
export function namespaceOf(agent: string, { kind }: Identity): Namespace {
  if (hasMemory(kind)) return { agent, owner: "owner" };
  throw new AlephError("forbidden", "Memory is for its owner alone");
}

export function hasMemory(kind: Identity["kind"]): boolean {
  return kind === "owner" || kind === "device";
}

export interface FactRow extends Omit<Fact, "metadata" | "trusted"> {
  readonly id: number;
  readonly owner: string;
  readonly digest: string;
  readonly metadata: string;
  readonly trusted: number;
}

export function factOf(row: FactRow): Fact {
  const { id: _id, owner: _owner, digest: _digest, metadata, trusted, ...rest } = row;
  return { ...rest, metadata: JSON.parse(metadata) as Metadata, trusted: trusted === 1 };
}
