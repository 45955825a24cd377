/** A button with something that floats over it: closed by Escape, by a click elsewhere and by leaving it. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

export interface PopoverProps {
  readonly label: string;
  readonly title?: string;
  readonly buttonClass: string;
  readonly button: ComponentChildren;
  readonly side: "above" | "below";
  readonly onOpen?: () => void;
  readonly children: (close: () => void) => ComponentChildren;
}

export function Popover({ label, title, buttonClass, button, side, onOpen, children }: PopoverProps) {
  const [open, setOpen] = useState(false);
  const around = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = () => {
    setOpen(false);
    opener.current?.focus();
  };
  useEffect(() => {
    if (!open) return;
    const leave = (event: Event) => {
      if (event.target instanceof Node && !around.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", leave);
    document.addEventListener("focusin", leave);
    return () => {
      document.removeEventListener("pointerdown", leave);
      document.removeEventListener("focusin", leave);
    };
  }, [open]);
  const toggle = () => {
    if (!open) onOpen?.();
    setOpen(!open);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: only Escape, for whatever has the focus inside
    <div
      class="popover-around"
      ref={around}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        event.stopPropagation();
        event.preventDefault();
        close();
      }}
    >
      <button
        type="button"
        class={buttonClass}
        ref={opener}
        aria-label={label}
        title={title ?? label}
        aria-expanded={open}
        aria-controls={id}
        onClick={toggle}
      >
        {button}
      </button>
      {open && (
        <div class={`popover ${side}`} id={id}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

/** Up and down through the buttons and fields of a list; Home and End to its ends. */
export function moveFocus(event: KeyboardEvent): void {
  const list = event.currentTarget;
  if (!(list instanceof HTMLElement)) return;
  const stops = [...list.querySelectorAll<HTMLElement>("button:not(:disabled), input")];
  const at = stops.indexOf(document.activeElement as HTMLElement);
  const inField = document.activeElement instanceof HTMLInputElement;
  const to =
    event.key === "ArrowDown"
      ? at + 1
      : event.key === "ArrowUp"
        ? at - 1
        : event.key === "Home" && !inField
          ? 0
          : event.key === "End" && !inField
            ? stops.length - 1
            : undefined;
  if (to === undefined) return;
  event.preventDefault();
  stops[Math.max(0, Math.min(stops.length - 1, to))]?.focus();
}
