/**
 * What reverse proxies tell about a request: believed from those that `gateway.trusted_proxies` names, and from nobody
 * else, since any client can send the same headers.
 */

/** Where a request comes from and what it was meant for. */
export interface Origin {
  readonly address: string;
  /** As in a Host header. */
  readonly host: string;
  /** Whether the client's own connection is encrypted. */
  readonly secure: boolean;
}

/** As the server sees it itself. To ask for the address is a call of the system, so that it is asked for when it is needed. */
export class DirectOrigin implements Origin {
  readonly host: string;
  readonly secure: boolean;
  readonly #request: Request;
  readonly #server: Pick<Bun.Server<unknown>, "requestIP">;
  #address: string | undefined;

  constructor(request: Request, server: Pick<Bun.Server<unknown>, "requestIP">, secure: boolean) {
    this.#request = request;
    this.#server = server;
    this.host = request.headers.get("host") ?? "";
    this.secure = secure;
  }

  get address(): string {
    this.#address ??= this.#server.requestIP(this.#request)?.address ?? "unknown";
    return this.#address;
  }
}

export type IsTrusted = (address: string) => boolean;

/**
 * The request as the outermost trusted proxy saw it. Each proxy adds at the right, so that is where reading begins: the
 * first address that is no proxy's is the client's, and whatever stands to its left the client may have made up.
 */
export function seenThrough(headers: Headers, direct: Origin, isTrusted: IsTrusted): Origin {
  if (!isTrusted(direct.address)) return direct;
  let { address } = direct;
  for (const hop of listOf(headers.get("x-forwarded-for")).toReversed()) {
    const named = addressOf(hop);
    if (named === undefined) break;
    address = named;
    if (!isTrusted(named)) break;
  }
  const protocol = listOf(headers.get("x-forwarded-proto")).at(-1)?.toLowerCase();
  const host = listOf(headers.get("x-forwarded-host")).at(-1)?.toLowerCase();
  return {
    address,
    host: host ?? direct.host,
    secure: protocol === undefined ? direct.secure : protocol === "https",
  };
}

/** Whether an address is in one of these, given as addresses or as blocks such as `10.0.0.0/8`. Throws `RangeError`. */
export function trustedProxies(blocks: readonly string[]): IsTrusted {
  // Loaded when a proxy is named: most servers have none.
  const { BlockList, isIP } = process.getBuiltinModule("node:net");
  const list = new BlockList();
  for (const block of blocks) {
    const [address = "", prefix, ...rest] = block.split("/");
    const family = isIP(address) === 4 ? "ipv4" : "ipv6";
    const bits = Number(prefix);
    const most = family === "ipv4" ? 32 : 128;
    const fits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && bits <= most);
    if (isIP(address) === 0 || !fits || rest.length > 0)
      throw new RangeError(`"${block}" is not an address or a block of addresses`);
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, bits, family);
  }
  return (address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? "ipv4" : "ipv6");
  };
}

function listOf(header: string | null): string[] {
  return (header ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** The address without port and brackets; undefined for what is none, such as `unknown`. */
function addressOf(hop: string): string | undefined {
  const { isIP } = process.getBuiltinModule("node:net");
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^(\d+(?:\.\d+){3}):\d+$/.exec(hop)?.[1] ?? hop;
  return isIP(bare) === 0 ? undefined : bare;
}
