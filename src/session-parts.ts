/** The part of the composition root that makes long sessions shorter, copies them and takes them back. */
import { Compactions, type CompactionsOptions } from "./agent/compactions.ts";
import { Branches, type BranchesOptions } from "./session/branches.ts";

export function sessionParts(options: CompactionsOptions & BranchesOptions) {
  return { compactions: new Compactions(options), branches: new Branches(options) };
}
