/** A button for what cannot be undone: it asks first. */
import type { Confirmation } from "./confirm-dialog.tsx";
import { useShell } from "./context.ts";

/** `label` is on the button and on the one that answers the question. */
export function ConfirmButton({ disabled = false, ...question }: Confirmation & { readonly disabled?: boolean }) {
  const { openDialog } = useShell();
  return (
    <button
      type="button"
      class="button danger"
      disabled={disabled}
      onClick={() => openDialog({ kind: "confirm", ...question })}
    >
      {question.label}
    </button>
  );
}
