/** Whether an address is of use on this machine alone. */
export function isOfThisMachine(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host.startsWith("127.");
}
