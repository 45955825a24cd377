/** One thing of a list in a line that opens: its name, what it is, its state; inside, what there is to know and to do. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "./icon.tsx";

export interface EntryProps {
  /** Names it among the others of the page. */
  readonly id: string;
  readonly name: string;
  readonly version?: string | null;
  readonly about: string | null | undefined;
  readonly state: string;
  /** Colour means state: running, waiting for you, failed. */
  readonly tone?: "ok" | "warn" | "danger" | undefined;
  /** Only asked for while it is open. */
  readonly children: () => ComponentChildren;
}

export function Entry({ id, name, version, about, state, tone = undefined, children }: EntryProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="fold entry" data-entry={id} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <Icon name="chevron" />
        <span class="entry-name">{name}</span>
        {version && <span class="meta">{version}</span>}
        <span class="entry-about">{about}</span>
        <span class={`entry-state ${tone ?? ""}`}>{state}</span>
      </summary>
      {isOpen && <div class="fold-body entry-body">{children()}</div>}
    </details>
  );
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What is wrong with a file of the thing, line by line where that is known. */
export function Faults({ error }: { error: Faulty }) {
  return (
    <div class="failed">
      <p>
        {error.message}.{error.hint !== undefined && ` ${error.hint}.`}
      </p>
      {error.issues && error.issues.length > 1 && (
        <ul>
          {error.issues.map(({ path, message, line }) => (
            <li key={`${path} ${message}`}>
              {line !== undefined && `${line}: `}
              {path} {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface Faulty {
  readonly message: string;
  readonly hint?: string | undefined;
  readonly issues?:
    | readonly { readonly path: string; readonly message: string; readonly line?: number | undefined }[]
    | undefined;
}
