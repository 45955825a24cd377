/** Logins at remote servers: OAuth 2.1 with PKCE as the MCP authorization specification has it; tokens are files that only the owner reads. */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  auth,
  extractWWWAuthenticateParams,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
} from "@modelcontextprotocol/sdk/client/auth.js";
import type {
  OAuthClientInformationMixed,
  OAuthClientMetadata,
  OAuthTokens,
} from "@modelcontextprotocol/sdk/shared/auth.js";
import type { FetchLike } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { McpServerTable } from "../config/schema.ts";
import { writeAtomic } from "../lib/atomic-write.ts";
import { AlephError } from "../protocol/errors.ts";
import { type Callback, openCallback } from "./oauth-callback.ts";

export interface LoginOptions {
  readonly server: string;
  readonly url: string;
  readonly oauth: McpServerTable["oauth"];
  readonly resolveSecret: (value: string) => Promise<string>;
  /** ALEPH_HOME/credentials. */
  readonly credentials: string;
  readonly fetch: FetchLike;
}

/** What is kept of one server. */
interface Kept {
  /** What it is for: another server under the same name gets none of it. */
  readonly url: string;
  readonly client?: OAuthClientInformationMixed & { readonly redirect_uris?: readonly string[] };
  readonly tokens?: OAuthTokens;
  readonly discovery?: OAuthDiscoveryState;
}

export interface PendingLogin extends AsyncDisposable {
  /** Where the person agrees. */
  readonly authorizationUrl: string;
  /** Resolves when the tokens are on disk. Rejects when it was refused, took too long or was given up. */
  readonly done: Promise<void>;
  /** Takes the address that the browser ended at, where it could not reach this machine. */
  finish(address: string): void;
}

export interface SavedLogin extends OAuthClientProvider {
  /**
   * The same, but for calls that find the token expired at once: they get the answer to one renewal. Most servers take a refresh
   * token but once (OAuth 2.1 §4.3.1), and who comes second with it loses the login.
   */
  renewingOnce(fetch: FetchLike): FetchLike;
}

/** For the requests of a server at which somebody has logged in; nothing when nobody has. */
export function savedLogin(options: LoginOptions): SavedLogin | undefined {
  const login = new Login(options, undefined);
  return login.tokens() ? login : undefined;
}

/** Whether somebody has logged in at this address. */
export function hasLogin(options: Pick<LoginOptions, "credentials" | "server" | "url">): boolean {
  return readKept(options).tokens !== undefined;
}

/** Forgets the tokens. */
export function forgetLogin({ credentials, server }: Pick<LoginOptions, "credentials" | "server">): void {
  rmSync(fileOf(credentials, server), { force: true });
}

/** Finds out where to log in, and waits for it. Throws `mcp_error` when the server wants no login or offers no way. */
export async function beginLogin(options: LoginOptions): Promise<PendingLogin> {
  const { server, url, fetch } = options;
  await using stack = new AsyncDisposableStack();
  const callback = stack.use(await openCallback());
  const login = new Login(options, callback);
  const challenge = await challengeOf(options);
  const { scope = challenge.scope } = options.oauth ?? {};
  const common = {
    serverUrl: url,
    fetchFn: fetch,
    ...(scope === undefined ? {} : { scope }),
    ...(challenge.resourceMetadataUrl ? { resourceMetadataUrl: challenge.resourceMetadataUrl } : {}),
  };
  const fail = (cause: unknown) =>
    cause instanceof AlephError
      ? cause
      : new AlephError("mcp_error", `The login at MCP server "${server}" failed`, {
          cause,
          data: { server, code: "login", hint: "aleph logs has the reason" },
        });
  await login.prepare();
  await auth(login, common).catch((cause: unknown) => {
    throw fail(cause);
  });
  const { authorizationUrl } = login;
  if (authorizationUrl === undefined) throw fail(new Error("it did not name a page to log in at"));
  const owned = stack.move();
  const done = callback.code
    .then((authorizationCode) => auth(login, { ...common, authorizationCode }))
    .then(
      () => undefined,
      (cause: unknown) => {
        throw fail(cause);
      },
    )
    .finally(() => owned.disposeAsync());
  done.catch(() => "told to who waits");
  return {
    authorizationUrl: authorizationUrl.href,
    done,
    finish: (address) => callback.take(address),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What the server says to who comes without a token (RFC 9728 §5.1). */
async function challengeOf({ fetch, url }: LoginOptions): Promise<ReturnType<typeof extractWWWAuthenticateParams>> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 0, method: "ping" }),
  });
  await response.body?.cancel();
  return response.status === 401 ? extractWWWAuthenticateParams(response) : {};
}

/** The answer to a request that spends a refresh token; the text of it can be read by several. */
interface Renewal {
  readonly request: string;
  readonly answer: Promise<{ readonly text: string; readonly status: number; readonly headers: Headers }>;
}

class Login implements SavedLogin {
  readonly #o: LoginOptions;
  readonly #callback: Callback | undefined;
  /** Kept only while the login is under way. */
  #verifier: string | undefined;
  #secret: string | undefined;
  /** Of a login that is under way: the one before is good until there are tokens. */
  #draft: Kept | undefined;
  /** Until its tokens are kept, which whoever comes later finds. */
  #renewal: Renewal | undefined;
  authorizationUrl: URL | undefined;

  constructor(options: LoginOptions, callback: Callback | undefined) {
    this.#o = options;
    this.#callback = callback;
  }

  async prepare(): Promise<void> {
    const { oauth, resolveSecret } = this.#o;
    if (oauth?.client_secret !== undefined) this.#secret = await resolveSecret(oauth.client_secret);
    // From the beginning: a client that was registered with another address cannot come back to this one.
    this.#draft = { url: this.#o.url };
  }

  get redirectUrl(): string | undefined {
    // Without one the SDK would not try to renew a token by its refresh token.
    return this.#callback?.url ?? "http://127.0.0.1/callback";
  }

  get clientMetadata(): OAuthClientMetadata {
    return {
      client_name: "Aleph",
      redirect_uris: [this.redirectUrl ?? ""],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: this.#o.oauth?.client_secret === undefined ? "none" : "client_secret_post",
    };
  }

  state(): string {
    return this.#callback?.state ?? "";
  }

  async clientInformation(): Promise<OAuthClientInformationMixed | undefined> {
    const { oauth, resolveSecret } = this.#o;
    if (oauth?.client_id === undefined) return this.#read().client;
    if (oauth.client_secret === undefined) return { client_id: oauth.client_id };
    this.#secret ??= await resolveSecret(oauth.client_secret);
    return { client_id: oauth.client_id, client_secret: this.#secret };
  }

  saveClientInformation(client: OAuthClientInformationMixed): void {
    // While nobody has logged in a server must not fill the disk.
    if (this.#callback) this.#write({ ...this.#read(), client });
  }

  tokens(): OAuthTokens | undefined {
    return this.#read().tokens;
  }

  renewingOnce(fetch: FetchLike): FetchLike {
    return async (url, init) => {
      const form = init?.body instanceof URLSearchParams ? init.body : undefined;
      if (form?.get("grant_type") !== "refresh_token") return fetch(url, init);
      const request = `${url} ${form}`;
      if (this.#renewal?.request !== request) this.#renewal = { request, answer: this.#renew(() => fetch(url, init)) };
      const { text, ...head } = await this.#renewal.answer;
      return new Response(text, head);
    };
  }

  async #renew(ask: () => Promise<Response>): Renewal["answer"] {
    let isKept = false;
    try {
      const response = await ask();
      const text = await response.text();
      isKept = response.ok && text.includes('"access_token"');
      return { text, status: response.status, headers: response.headers };
    } finally {
      // Nobody will keep its tokens: the next one asks again.
      if (!isKept) this.#renewal = undefined;
    }
  }

  saveTokens(tokens: OAuthTokens): void {
    this.#renewal = undefined;
    this.#write({ ...this.#read(), tokens });
  }

  redirectToAuthorization(url: URL): void {
    this.authorizationUrl = url;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    if (this.#verifier === undefined) throw new AlephError("internal", "No login is under way");
    return this.#verifier;
  }

  saveDiscoveryState(discovery: OAuthDiscoveryState): void {
    this.#write({ ...this.#read(), discovery });
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#read().discovery;
  }

  invalidateCredentials(scope: "all" | "client" | "tokens" | "verifier" | "discovery"): void {
    if (scope === "verifier") {
      this.#verifier = undefined;
      return;
    }
    const { client, tokens, discovery, url } = this.#read();
    const keeps = (what: string) => scope !== "all" && scope !== what;
    this.#write({
      url,
      ...(client && keeps("client") ? { client } : {}),
      ...(tokens && keeps("tokens") ? { tokens } : {}),
      ...(discovery && keeps("discovery") ? { discovery } : {}),
    });
  }

  #read(): Kept {
    return this.#draft ?? readKept(this.#o);
  }

  #write(kept: Kept): void {
    if (this.#draft) this.#draft = kept;
    if (this.#draft && !kept.tokens) return;
    const { credentials, server } = this.#o;
    mkdirSync(join(credentials, "mcp"), { recursive: true, mode: 0o700 });
    writeAtomic(fileOf(credentials, server), JSON.stringify(kept), 0o600);
  }
}

function readKept({ credentials, server, url }: Pick<LoginOptions, "credentials" | "server" | "url">): Kept {
  const empty = { url };
  let text: string;
  try {
    text = readFileSync(fileOf(credentials, server), "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return empty;
    throw thrown;
  }
  const kept = JSON.parse(text) as Kept;
  return kept.url === url ? kept : empty;
}

function fileOf(credentials: string, server: string): string {
  return join(credentials, "mcp", `${server}.json`);
}
