/** From opening a socket to the answer to `connect`, and what sockets cost that are open and do nothing. */
import { readFileSync } from "node:fs";
import { deviceId } from "../../src/auth/device-key.ts";
import { deviceStatement } from "../../src/protocol/device-statement.ts";
import { makeHome, median, ms, type Programs, percentile, type Row, startReadyAleph } from "./bench.ts";

const ROUNDS = 400;
const TOKEN_MS = 2;
const DEVICE_MS = 4;
const SOCKETS = 5_000;
const AT_ONCE = 100;
const SOCKET_KIB = 20;

/** What goes into `auth`, when the server has said its nonce. */
type Prove = (nonce: string) => object | Promise<object>;

export async function measureHandshake(programs: Programs): Promise<readonly Row[]> {
  using home = makeHome();
  await using aleph = await startReadyAleph(programs, home.path);
  const byToken: Prove = () => ({ token: aleph.token });
  const admin = await openSocket(aleph.port, byToken, ["read", "admin"]);
  const byDevice = await pairDevice(aleph.port, admin);
  // First of all: room that earlier sockets left would be used again.
  const idle = await idleCost(aleph, byToken);
  const [token, device] = [await times(aleph.port, byToken), await times(aleph.port, byDevice)];
  admin.close();
  return [
    row("open a socket and connect with a token", token, TOKEN_MS),
    row("open a socket and connect with a device's key", device, DEVICE_MS),
    {
      name: `memory of each of ${SOCKETS.toLocaleString("en-US")} open sockets, authenticated, idle`,
      aleph: `${idle.toFixed(1)} KiB`,
      baseline: "",
      bar: { text: `≤ ${SOCKET_KIB} KiB`, value: `${idle.toFixed(1)} KiB`, holds: idle <= SOCKET_KIB },
    },
  ];
}

function row(name: string, taken: readonly number[], most: number): Row {
  const typical = median(taken);
  return {
    name: `${name}, p50 (p99)`,
    aleph: `${ms(typical)} (${ms(percentile(taken, 0.99))})`,
    baseline: "",
    bar: { text: `≤ ${most} ms`, value: ms(typical), holds: typical <= most },
  };
}

async function times(port: number, prove: Prove): Promise<number[]> {
  const taken: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    const socket = await openSocket(port, prove);
    taken.push(performance.now() - began);
    socket.close();
  }
  // The first ones load what all use.
  return taken.slice(ROUNDS / 10);
}

async function idleCost({ pid, port }: { pid: number; port: number }, prove: Prove): Promise<number> {
  const before = residentKib(pid);
  const sockets: WebSocket[] = [];
  while (sockets.length < SOCKETS) {
    sockets.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => openSocket(port, prove)))));
  }
  await Bun.sleep(2_000);
  const cost = (residentKib(pid) - before) / SOCKETS;
  for (const socket of sockets) socket.close();
  return cost;
}

function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** Past its handshake. */
async function openSocket(port: number, prove: Prove, scopes: readonly string[] = ["read"]): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  const ready = Promise.withResolvers<void>();
  socket.onerror = () => ready.reject(new Error(`No connection to port ${port}`));
  socket.onmessage = async ({ data }) => {
    const frame = JSON.parse(String(data)) as { method?: string; params?: Challenge; error?: unknown };
    if (frame.method === "event") {
      const auth = await prove(frame.params!.data.nonce);
      const params = { client: { id: "bench" }, role: "operator", scopes, auth };
      socket.send(JSON.stringify({ jsonrpc: "2.0", id: 0, method: "connect", params }));
    } else if (frame.error) ready.reject(new Error(String(data)));
    else ready.resolve();
  };
  await ready.promise;
  return socket;
}

interface Challenge {
  readonly data: { readonly nonce: string };
}

async function pairDevice(port: number, admin: WebSocket): Promise<Prove> {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const id = deviceId(raw);
  const prove = async (nonce: string) => {
    const unsigned = { id, public_key: Buffer.from(raw).toString("base64url"), nonce, signed_at: Date.now() };
    const claim = { clientId: "bench", role: "operator", scopes: ["read"], host: `127.0.0.1:${port}` };
    const text = new TextEncoder().encode(deviceStatement(unsigned, claim));
    const signature = Buffer.from(await crypto.subtle.sign("Ed25519", pair.privateKey, text)).toString("base64url");
    return { device: { ...unsigned, signature } };
  };
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  admin.onmessage = ({ data }) => {
    const { id: answered, result } = JSON.parse(String(data)) as { id?: number; result?: { code: string } };
    if (answered !== 1) return;
    if (result) resolve(result.code);
    else reject(new Error(String(data)));
  };
  admin.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "auth.pairing.invite", params: { scopes: ["read"] } }));
  const code = await promise;
  const first = await openSocket(port, async (nonce) => ({ ...(await prove(nonce)), pairing_code: code }));
  first.close();
  return prove;
}
