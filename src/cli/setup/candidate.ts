/** A provider that may be set up: where it was found, and whether it really answers. */
import type { Result } from "../../client/client.ts";
import type { Environment } from "../../config/environment.ts";
import { withTemporaryCore } from "./temporary-core.ts";

export interface Candidate {
  /** The name of its table. */
  readonly id: string;
  readonly type: string;
  readonly address?: string;
  readonly key?: string;
}

export type Trial = Result<"models.test">;
export type Found = Result<"models.config">["providers"][number];

/** Stands for the key while it is tried, so that it is written nowhere. */
const KEY_VARIABLE = "ALEPH_WIZARD_KEY";

/** What the environment and this machine offer. */
export function findProviders(env: Environment): Promise<readonly Found[]> {
  return withTemporaryCore(env, { config: {}, variables: env.all }, async (client) => {
    const { providers } = await client.call("models.config", {});
    return providers.filter(({ from }) => from !== "built-in");
  });
}

/** A real call to the provider, and to `model` if one is named. */
export function tryCandidate(candidate: Candidate, env: Environment, model?: string): Promise<Trial> {
  const { id, key } = candidate;
  const table = tableOf(candidate, key === undefined ? undefined : `env:${KEY_VARIABLE}`);
  const variables = key === undefined ? {} : { [KEY_VARIABLE]: key };
  return withTemporaryCore(env, { config: { providers: { [id]: table } }, variables }, (client) =>
    client.call("models.test", { target: model === undefined ? id : `${id}/${model}` }),
  );
}

/** Its table in config.toml; `reference` is where the key is. */
export function tableOf({ id, type, address }: Candidate, reference: string | undefined): Record<string, string> {
  return {
    ...(type === id ? {} : { type }),
    ...(address === undefined ? {} : { base_url: address }),
    ...(reference === undefined ? {} : { api_key: reference }),
  };
}
