/** A button that opens what it is about, below it: mostly a form. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

export interface UnfoldProps {
  readonly label: string;
  /** Only asked for while it is open. */
  readonly children: (close: () => void) => ComponentChildren;
}

export function Unfold({ label, children }: UnfoldProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="fold install" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary class="install-open">
        <span class="button">{label}</span>
      </summary>
      {isOpen && children(() => setOpen(false))}
    </details>
  );
}
