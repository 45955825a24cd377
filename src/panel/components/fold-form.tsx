/** A form that opens below the button that names it: its fields, the button that sends it, what became of that. */
import type { ComponentChildren } from "preact";
import { Trouble } from "./trouble.tsx";

export interface FoldFormProps {
  readonly label: string;
  /** On the button that sends it. */
  readonly submit: string;
  readonly busy: boolean;
  readonly trouble: string | undefined;
  /** What is said when it has worked; left out where the list below says it. */
  readonly said?: string;
  readonly onSubmit: () => void;
  /** Behind the button that sends it. */
  readonly about?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function FoldForm({ label, submit, busy, trouble, said, onSubmit, about, children }: FoldFormProps) {
  return (
    <details class="fold install">
      <summary class="install-open">
        <span class="button">{label}</span>
      </summary>
      <form
        class="install-form"
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        {children}
        <button type="submit" class="button primary" disabled={busy}>
          {submit}
        </button>
        {about}
      </form>
      <Trouble text={trouble} />
      {said !== undefined && (
        <p class="meta" role="status">
          {said}
        </p>
      )}
    </details>
  );
}
