/** The table of a provider as it would be after a change. */
import type { ProviderTable } from "../../config/schema.ts";
import type { Proposal } from "../../protocol/trial.ts";

export function proposedTable(
  own: ProviderTable | undefined,
  { type, base_url, api_key }: Proposal,
): Record<string, unknown> {
  const { base_url: before, ...rest } = own ?? {};
  const address = base_url === undefined ? before : base_url;
  return {
    ...rest,
    type,
    ...(address === undefined || address === null ? {} : { base_url: address }),
    ...(api_key === undefined ? {} : { api_key }),
  };
}
