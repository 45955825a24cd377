/** The gateway of a Discord of one's own: sessions that identify, beat, break and are resumed with what they missed. */

export interface GatewaySocket {
  session: Session | undefined;
}

type Socket = Bun.ServerWebSocket<GatewaySocket>;

interface Session {
  readonly id: string;
  readonly events: { readonly op: 0; readonly s: number; readonly t: string; readonly d: unknown }[];
  socket: Socket | undefined;
}

export interface FakeGatewayOptions {
  readonly url: string;
  readonly token: string;
  readonly user: object;
  readonly application: string;
  readonly guilds: readonly string[];
  readonly messageContent: boolean;
  readonly heartbeatMs: number;
}

export type FakeGateway = ReturnType<typeof fakeGateway>;

/** Instead of a code: neither greeted nor closed. */
export const SILENCE = 0;

const INTENTS = { guildMessages: 1 << 9, directMessages: 1 << 12, messageContent: 1 << 15 };
const HEARTBEAT = 1;
const IDENTIFY = 2;
const RESUME = 6;
const RECONNECT = 7;
const INVALID_SESSION = 9;
const HELLO = 10;
const ACKNOWLEDGED = 11;

export function fakeGateway(options: FakeGatewayOptions) {
  const { url, token, user, application, guilds, messageContent, heartbeatMs } = options;
  const sockets = new Set<Socket>();
  const sessions = new Map<string, Session>();
  const seen = { identify: 0, resume: 0, heartbeat: 0, closed: [] as number[] };
  /** How the next connections are closed instead of being greeted. */
  const refusals: number[] = [];
  let last: Session | undefined;
  let answersBeats = true;

  const send = (socket: Socket, op: number, d: unknown) =>
    void socket.send(JSON.stringify({ op, d, s: null, t: null }));
  const emit = (session: Session, t: string, d: unknown) => {
    const event = { op: 0 as const, t, s: session.events.length + 1, d };
    session.events.push(event);
    session.socket?.send(JSON.stringify(event));
  };

  function identify(socket: Socket, d: { token: string; intents: number }) {
    seen.identify += 1;
    if (socket.data.session) return socket.close(4005, "Already authenticated.");
    if (d.token !== token) return socket.close(4004, "Authentication failed.");
    if (d.intents & INTENTS.messageContent && !messageContent) return socket.close(4014, "Disallowed intent(s).");
    const wanted = INTENTS.guildMessages | INTENTS.directMessages | INTENTS.messageContent;
    if (d.intents !== wanted) return socket.close(4013, "Invalid intent(s).");
    const session: Session = { id: `session-${crypto.randomUUID()}`, events: [], socket };
    sessions.set(session.id, session);
    socket.data.session = session;
    last = session;
    emit(session, "READY", {
      v: 10,
      user,
      application: { id: application, flags: 0 },
      guilds: guilds.map((id) => ({ id, unavailable: true })),
      session_id: session.id,
      resume_gateway_url: url,
    });
  }

  function resume(socket: Socket, d: { token: string; session_id: string; seq: number }) {
    seen.resume += 1;
    const session = sessions.get(d.session_id);
    if (d.token !== token) return socket.close(4004, "Authentication failed.");
    if (!session) return send(socket, INVALID_SESSION, false);
    if (d.seq > session.events.length) return socket.close(4007, "Invalid seq.");
    session.socket = socket;
    socket.data.session = session;
    last = session;
    for (const event of session.events.slice(d.seq)) socket.send(JSON.stringify(event));
    emit(session, "RESUMED", {});
  }

  return {
    url,
    seen,
    refusals,
    /** Connections that are open. */
    open: () => sockets.size,
    upgrade(request: Request, server: Bun.Server<GatewaySocket>): Response | undefined {
      const { searchParams } = new URL(request.url);
      if (searchParams.get("v") !== "10" || searchParams.get("encoding") !== "json") {
        return new Response("no", { status: 400 });
      }
      return server.upgrade(request, { data: { session: undefined } })
        ? undefined
        : new Response("no", { status: 400 });
    },
    opened(socket: Socket) {
      sockets.add(socket);
      const refusal = refusals.shift();
      if (refusal === SILENCE) return;
      if (refusal !== undefined) return socket.close(refusal);
      send(socket, HELLO, { heartbeat_interval: heartbeatMs });
    },
    heard(socket: Socket, text: string) {
      const { op, d } = JSON.parse(text);
      if (op === HEARTBEAT) {
        seen.heartbeat += 1;
        if (answersBeats) send(socket, ACKNOWLEDGED, null);
      } else if (op === IDENTIFY) identify(socket, d);
      else if (op === RESUME) resume(socket, d);
      else socket.close(socket.data.session ? 4001 : 4003);
    },
    closed(socket: Socket, code: number) {
      sockets.delete(socket);
      seen.closed.push(code);
      const { session } = socket.data;
      if (session?.socket === socket) session.socket = undefined;
      // Who says goodbye does not come back to it.
      if (session && (code === 1000 || code === 1001)) sessions.delete(session.id);
    },
    /** Something happens; sessions that are not connected get it when they are resumed. */
    dispatch(t: string, d: unknown) {
      if (!last) throw new Error("Nobody is connected to Discord");
      emit(last, t, d);
    },
    /** The connections break. */
    cut() {
      for (const socket of sockets) socket.terminate();
    },
    close(code: number) {
      for (const socket of sockets) socket.close(code);
    },
    /** Discord asks to connect anew. */
    renew() {
      for (const socket of sockets) send(socket, RECONNECT, null);
    },
    /** No session can be resumed any more. */
    forget() {
      sessions.clear();
    },
    /** Heartbeats are answered no longer, or again. */
    beats(answered: boolean) {
      answersBeats = answered;
    },
  };
}
