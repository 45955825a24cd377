/** A text as a QR code, dark on light in either theme, so that every camera reads it. */
import { useEffect, useState } from "preact/hooks";

/** Modules of quiet around it, as ISO/IEC 18004 wants them. */
const QUIET = 4;

export function QrCode({ text, label }: { text: string; label: string }) {
  const [rows, setRows] = useState<readonly (readonly boolean[])[] | undefined>(undefined);
  useEffect(() => {
    let isGone = false;
    import("uqr").then(
      ({ encode }) => isGone || setRows(encode(text, { ecc: "M", border: QUIET }).data),
      () => "without the picture the text beside it is enough",
    );
    return () => {
      isGone = true;
    };
  }, [text]);
  if (!rows) return null;
  const path = rows.map((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")).join("")).join("");
  return (
    <svg class="qr" viewBox={`0 0 ${rows.length} ${rows.length}`} role="img" aria-label={label}>
      <path d={path} />
    </svg>
  );
}
