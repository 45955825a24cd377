/** Checks of what answers: the server, its port, and the providers of models. */
import type { Client } from "../../client/client.ts";
import { openConfig } from "../../config/config.ts";
import type { Home } from "../../config/home.ts";
import { findInstance } from "../../config/instance.ts";
import { findings, wordsOf } from "../../doctor/findings.ts";
import { checkModels } from "../../doctor/models.ts";
import { createLog } from "../../lib/log.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Finding } from "../../protocol/finding.ts";
import type { Invocation } from "../command.ts";
import { withClient } from "../connection.ts";
import type { HomeFlags } from "../flags.ts";
import { formatElapsed } from "../format.ts";
import { pinnedFetch } from "../pinned-fetch.ts";
import { LOCAL } from "../remotes.ts";
import { withTemporaryCore } from "../setup/temporary-core.ts";

const HEALTH_MS = 3_000;

/** Whether the server answers; without one, whether its port is free. Needs a valid config. */
export async function checkServer(home: Home, { env }: Pick<Invocation, "env">): Promise<readonly Finding[]> {
  const { ok, warn, fail } = findings("server");
  const instance = await findInstance(home);
  if (instance?.url === undefined) {
    const config = await openConfig({ home, env, log: createLog({ write: () => undefined, level: () => "error" }) });
    const { host, port } = config.current.gateway;
    const taken = portProblem(host, port);
    if (taken === undefined) return [ok(`does not run; ${host}:${port} is free for it`)];
    return [
      warn(
        `does not run, and cannot listen on ${host}:${port}: ${taken}`,
        "Choose another port: aleph config set gateway.port 18791",
      ),
    ];
  }
  const began = performance.now();
  try {
    const ask = instance.certificate === undefined ? fetch : pinnedFetch(instance.certificate);
    const answer = await ask(`${instance.url}/health`, { signal: AbortSignal.timeout(HEALTH_MS) });
    if (!answer.ok) return [fail(`${instance.url}/health answers ${answer.status}`, "See: aleph logs")];
    return [
      ok(`runs at ${instance.url} (pid ${instance.pid}), answered in ${formatElapsed(performance.now() - began)}`),
    ];
  } catch (thrown) {
    return [
      fail(
        `pid ${instance.pid} does not answer at ${instance.url}: ${wordsOf(thrown)}`,
        `See its log; stop it with: kill ${instance.pid}`,
      ),
    ];
  }
}

function portProblem(hostname: string, port: number): string | undefined {
  if (port === 0) return undefined;
  try {
    Bun.listen({ hostname, port, socket: { data: () => undefined } }).stop(true);
    return undefined;
  } catch (thrown) {
    return wordsOf(thrown);
  }
}

const PROVIDERS_MS = 20_000;

/** Asks each provider for its models, with its real key. */
export async function checkProviders(
  flags: HomeFlags,
  { env, terminal, homeExists }: Pick<Invocation, "env" | "terminal"> & { readonly homeExists: boolean },
): Promise<readonly Finding[]> {
  const { warn } = findings("models");
  const late = new Promise<readonly Finding[]>((resolve) => {
    const finding = warn(`no answer within ${PROVIDERS_MS / 1000} s`, "Check the network and the providers' base_url");
    setTimeout(() => resolve([finding]), PROVIDERS_MS).unref();
  });
  const asked = homeExists
    ? withClient({ ...flags, "remote-name": LOCAL }, { env, terminal }, ({ client }) => askProviders(client))
    : withTemporaryCore(env, { config: {}, variables: env.all }, askProviders);
  try {
    return await Promise.race([asked, late]);
  } catch (thrown) {
    if (!(thrown instanceof AlephError)) throw thrown;
    return [warn(`could not be asked: ${thrown.message}`, String(thrown.data.hint ?? "See the other findings"))];
  }
}

async function askProviders(client: Client): Promise<readonly Finding[]> {
  const [config, list] = [await client.call("models.config", {}), await client.call("models.list", {})];
  return checkModels({ ...config, ...list });
}
