/** A guest: somebody with an invite and a WebSocket. */
import type { TestApp } from "./app.ts";
import { type Frame, type Frames, openFrames, request } from "./frames.ts";

export interface Invitation {
  readonly tools?: readonly string[];
  readonly expires_in_ms?: number;
  readonly budget?: { readonly tokens?: number; readonly cost_usd?: number };
}

export interface Guest extends Disposable {
  readonly socket: Frames;
  readonly inviteId: string;
  readonly invite: string;
  readonly sessionKey: string;
  /** What `connect` answered. */
  readonly hello: Readonly<Record<string, unknown>>;
  /** The answer: `{result}` or `{error}`. */
  ask(method: string, params?: object): Promise<Answered>;
  /** The reason why it was refused; undefined when it was not. */
  reason(method: string, params?: object): Promise<unknown>;
}

type Answered = Frame & { readonly result?: Readonly<Record<string, unknown>> };

export async function inviteGuest(
  app: Pick<TestApp, "client" | "url">,
  { tools = [], ...rest }: Invitation = {},
): Promise<Guest> {
  const { invite_id, invite } = await app.client.call("auth.invites.create", { tools: [...tools], ...rest });
  return openGuest(app.url, invite_id, { invite });
}

/** With the invite, or with the session token that came from it. */
export async function openGuest(
  url: string,
  inviteId: string,
  auth: { readonly invite: string } | { readonly session_token: string },
): Promise<Guest> {
  const socket = await openFrames(url);
  const { result, error } = (await socket.ask(request("connect", { auth }, "connect"))) as Answered;
  if (error) throw new Error(`${error.data.reason}: ${error.message}`);
  let asked = 0;
  const ask = async (method: string, params: object = {}) =>
    (await socket.ask(request(method, params, ++asked))) as Answered;
  return {
    socket,
    inviteId,
    invite: "invite" in auth ? auth.invite : "",
    sessionKey: `agent:main:ephemeral:${inviteId}`,
    hello: result!,
    ask,
    reason: async (method, params) => (await ask(method, params)).error?.data.reason,
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  };
}
