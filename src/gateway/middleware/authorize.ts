/** Lets through who may: a connection without rights reaches public methods only, others what their scopes name. */
import { AlephError } from "../../protocol/errors.ts";
import type { Middleware } from "../pipeline.ts";

export function createAuthorize(): Middleware {
  return (exchange, next) => {
    const { method, name, call } = exchange;
    if (!call.grant && call.connection.isForeign && method?.name !== "auth.connect") {
      throw new AlephError("forbidden", "A page of another origin must show its invite first");
    }
    if (method?.scope !== "public") {
      if (!call.grant) {
        throw new AlephError("unauthenticated", `"connect" must come before "${printable(name)}"`, {
          data: { hint: 'Call connect with auth: {"token": "…"} first' },
        });
      }
      if (method?.scope === "node") {
        if (call.grant.role !== "node")
          throw new AlephError("forbidden", `"${method.name}" is for nodes of the cluster`);
      } else if (method && !call.grant.scopes.includes(method.scope)) {
        throw new AlephError("forbidden", `"${method.name}" needs the scope "${method.scope}"`, {
          data: { scope: method.scope },
        });
      }
    }
    if (!method) {
      throw new AlephError("method_not_found", `No method "${printable(name)}"`, {
        data: { hint: "rpc.discover lists all methods" },
      });
    }
    return next(exchange);
  };
}

function printable(name: string): string {
  return name.slice(0, 100).replace(/[^\x20-\x7e]/g, "?");
}
