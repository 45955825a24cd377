/** Says that something is on its way, but only when it takes longer than a moment. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

const MOMENT_MS = 200;

export function Late({ children }: { children: ComponentChildren }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), MOMENT_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class="late" role="status">
      {shown && children}
    </div>
  );
}
