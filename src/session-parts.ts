/** The part of the composition root that makes long sessions shorter, copies them, takes them back and tells what their prompts are. */
import { Compactions, type CompactionsOptions } from "./agent/compactions.ts";
import type { Place } from "./agent/place.ts";
import { PromptReports, type PromptReportsOptions } from "./agent/prompt-report.ts";
import { placeOfSession } from "./channel/inbox.ts";
import type { Interfaces } from "./channel/interfaces.ts";
import { Branches, type BranchesOptions } from "./session/branches.ts";
import type { Stores } from "./session/stores.ts";

export function sessionParts(options: CompactionsOptions & BranchesOptions & PromptReportsOptions) {
  return {
    compactions: new Compactions(options),
    branches: new Branches(options),
    prompts: new PromptReports(options),
    /** What the agents' own files say included. */
    configWithAgents: options.config,
  };
}

/** Where the message came from that is answered in a session. */
export function openPlaces({
  stores,
  interfaces,
}: {
  readonly stores: Stores;
  readonly interfaces: () => Pick<Interfaces, "parts">;
}) {
  return async (sessionKey: string): Promise<Place | undefined> => {
    const id = placeOfSession(stores.of(sessionKey).db, sessionKey);
    if (id === undefined) return undefined;
    const { capabilities, limits } = await interfaces().parts(id);
    return { interface: id, capabilities, limits };
  };
}
