/** The link that lets one device in, as words and as a QR code for the camera of a phone. */
import { drawQr } from "../lib/qr.ts";
import { formatDuration } from "./format.ts";

export interface PairingOffer {
  /** `https://box:18790` */
  readonly origin: string;
  readonly code: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

export function pairingLink({ origin, code }: Pick<PairingOffer, "origin" | "code">): string {
  return `${origin}/#pair=${code}`;
}

/** With `colours` it is black on white whatever the colours of the terminal are. */
export function describeOffer(offer: PairingOffer, { colours, now }: { colours: boolean; now: number }): string {
  const lines = drawQr(pairingLink(offer)).map((line) => (colours ? `\x1b[97;40m${line}\x1b[0m` : line));
  const left = formatDuration(Math.max(0, offer.expiresAt - now));
  return `To let one device in, open this within ${left} there, or add it to a terminal with aleph remote add:\n\n${lines.join("\n")}\n\n${pairingLink(offer)}\n`;
}
