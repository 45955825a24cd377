/** What to do about a provider that failed, by the kind of failure. */

const HINTS: Readonly<Record<string, string>> = {
  auth: "Check the key: it may be mistyped, revoked, or of another provider. Set it anew with: aleph wizard",
  quota: "The account has no credit left: look at the provider's billing page",
  rate_limit: "The provider limits how often it may be asked: wait a minute and try again",
  overloaded: "The provider has too much to do: try again later, or add a fallback in [models]",
  network: "Check the network and the provider's base_url",
  timeout: "The provider did not answer in time: check the network and the provider's base_url",
  bad_request: "Check the name of the model: aleph models",
  malformed: "What answered does not speak the provider's protocol: check type and base_url",
};

/** What the failure itself says to do, or else what its kind says. */
export function nextStepOf(
  error: { readonly failure?: string | undefined; readonly hint?: string | undefined } = {},
): string {
  return error.hint ?? hintFor(error.failure);
}

export function hintFor(failure: string | undefined): string {
  return HINTS[failure ?? ""] ?? "See: aleph models config";
}
