/** A button that opens what it is about, below it: mostly a form. */
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";

export interface UnfoldProps {
  readonly label: string;
  /** Only asked for while it is open. */
  readonly children: (close: () => void) => ComponentChildren;
}

export function Unfold({ label, children }: UnfoldProps) {
  const [isOpen, setOpen] = useState(false);
  const summary = useRef<HTMLElement>(null);
  const close = () => {
    const active = document.activeElement;
    // Nobody is left where nothing is; who went elsewhere meanwhile stays there.
    if (active === document.body || summary.current?.parentElement?.contains(active)) summary.current?.focus();
    setOpen(false);
  };
  return (
    <details class="fold install" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary class="install-open" ref={summary}>
        <span class="button">{label}</span>
      </summary>
      {isOpen && children(close)}
    </details>
  );
}
