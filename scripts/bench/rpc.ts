/** JSON-RPC round trips a second beside the baseline's echo of the same frames. */
import { makeHome, median, type Programs, perSecond, type Row, startBaseline, startReadyAleph } from "./bench.ts";

const WINDOW_MS = 2000;
const ROUNDS = 3;
const BAR = 0.7;
const PING = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "rpc.ping", params: {} });

export async function measureRpc(programs: Programs): Promise<readonly Row[]> {
  using home = makeHome();
  await using aleph = await startReadyAleph(programs, home.path);
  await using baseline = await startBaseline(programs);
  const connect = JSON.stringify({
    jsonrpc: "2.0",
    id: 0,
    method: "connect",
    params: { auth: { token: aleph.token } },
  });
  const rows: Row[] = [];
  for (const connections of [1, 50]) {
    const rates = { aleph: [] as number[], baseline: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      rates.baseline.push(await roundTrips(baseline.port, connections, undefined));
      rates.aleph.push(await roundTrips(aleph.port, connections, connect));
    }
    const share = median(rates.aleph) / median(rates.baseline);
    rows.push({
      name: `JSON-RPC round trips, ${connections} connection${connections === 1 ? "" : "s"}`,
      aleph: perSecond(median(rates.aleph)),
      baseline: perSecond(median(rates.baseline)),
      bar: { text: `≥ ${BAR * 100} %`, value: `${Math.round(share * 100)} %`, holds: share >= BAR },
    });
  }
  return rows;
}

/** Each connection has one request under way; a fifth of the window before it is for warming up. */
async function roundTrips(port: number, connections: number, connect: string | undefined): Promise<number> {
  let answers = 0;
  let running = true;
  const sockets = await Promise.all(
    Array.from({ length: connections }, () =>
      openSocket(port, connect, () => {
        answers++;
        return running ? PING : undefined;
      }),
    ),
  );
  for (const socket of sockets) socket.send(PING);
  await Bun.sleep(WINDOW_MS / 5);
  const before = answers;
  const began = performance.now();
  await Bun.sleep(WINDOW_MS);
  const rate = ((answers - before) / (performance.now() - began)) * 1000;
  running = false;
  for (const socket of sockets) socket.close();
  return rate;
}

/** An open socket, past its handshake when there is one; `next` answers each frame. */
async function openSocket(
  port: number,
  connect: string | undefined,
  next: () => string | undefined,
): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  const ready = Promise.withResolvers<void>();
  socket.onerror = () => ready.reject(new Error(`No connection to port ${port}`));
  const serve = (): void => {
    socket.onmessage = () => {
      const frame = next();
      if (frame !== undefined) socket.send(frame);
    };
    ready.resolve();
  };
  socket.onopen = () => (connect === undefined ? serve() : socket.send(connect));
  socket.onmessage = ({ data }) => {
    const text = String(data);
    if (text.includes('"method":"event"')) return;
    if (text.includes('"error"')) ready.reject(new Error(text));
    else serve();
  };
  await ready.promise;
  return socket;
}
