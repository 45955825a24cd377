/** An interface as the wire shows it. */
import type { WireInterface } from "../protocol/interface.ts";
import type { InterfaceStatus } from "./interfaces.ts";

export function toWireInterface({
  id,
  enabled,
  state,
  error,
  capabilities,
  limits,
  refused,
}: InterfaceStatus): WireInterface {
  return {
    interface: id,
    enabled,
    state,
    error: error ? { reason: error.reason, message: error.message } : null,
    capabilities: { ...capabilities },
    limits: { message: limits.message },
    refused,
  };
}
