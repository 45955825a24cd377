/** Which model would answer in a conversation now, and how full what it can take is. */
import type { Config } from "../config/schema.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Models } from "../providers/models.ts";
import type { Session } from "../session/sessions.ts";
import type { Stores } from "../session/stores.ts";
import { buildContext } from "./context.ts";
import type { Runner } from "./runner.ts";
import { messagesTokens } from "./tokens.ts";

export interface ContextNeeds {
  readonly stores: Pick<Stores, "of">;
  readonly runner: Pick<Runner, "of">;
  readonly models: Pick<Models, "order" | "resolve" | "known">;
  readonly config: () => Config;
}

export interface ContextReport {
  /** As `provider/model` where it is found, as it was asked for where not. */
  readonly model: string;
  /** Why there is no such model now. */
  readonly problem: string | undefined;
  /** Tokens that the model can take; undefined where that is not known. */
  readonly window: number | undefined;
  /** Estimated tokens of the conversation as the model would be shown it, media as an average. */
  readonly tokens: number;
}

/** Rejects when the signal aborts. */
export async function reportContext(
  needs: ContextNeeds,
  session: Session,
  signal: AbortSignal,
): Promise<ContextReport> {
  const [model, tokens] = await Promise.all([modelOf(needs, session, signal), tokensOf(needs, session)]);
  return { ...model, tokens };
}

async function modelOf(
  { models, config }: ContextNeeds,
  { model, agent }: Session,
  signal: AbortSignal,
): Promise<Omit<ContextReport, "tokens">> {
  const [wanted = "default"] = models.order(model ?? config().agents[agent]?.model);
  try {
    const found = await models.resolve(wanted, signal);
    const { contextWindow } = models.known(found.provider, found.model);
    return { model: found.ref, problem: undefined, window: contextWindow };
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return { model: wanted, problem: AlephError.from(thrown).message, window: undefined };
  }
}

async function tokensOf({ stores, runner }: ContextNeeds, session: Session): Promise<number> {
  const messages = await buildContext({
    db: stores.of(session.key).db,
    session,
    waiting: new Set(runner.of(session.key).queued),
    without: new Set(),
    loadMedia: async () => ({ bytes: new Uint8Array(), mime: "application/octet-stream" }),
    room: Number.POSITIVE_INFINITY,
  });
  return Math.round(messagesTokens(messages));
}
