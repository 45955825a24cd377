/** TLS with a server whose one certificate is known beforehand. */

/** For `fetch` and `WebSocket` of Bun: believes this certificate (PEM; of a chain the first), whoever signed it and whatever name it is for. */
export function pinnedTls(certificate: string) {
  const [own] = certificate.split(/(?<=-----END CERTIFICATE-----)/);
  // Nothing but it is an authority, so that nothing else passes.
  return { ca: own!, allowPartialTrustChain: true, checkServerIdentity: () => undefined };
}
