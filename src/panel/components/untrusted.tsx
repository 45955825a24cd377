/** A folder in which everything is off until its owner says that it is trusted. */
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

export interface UntrustedProps {
  readonly folder: string;
  readonly text: string;
  readonly label: string;
  readonly onTrust: (folder: string) => Promise<void>;
}

export function Untrusted({ folder, text, label, onTrust }: UntrustedProps) {
  const { busy, trouble, run } = useAct();
  return (
    <section class="setting">
      <span class="setting-text">
        {text} <code>{folder}</code>
        <Trouble text={trouble} />
      </span>
      <button type="button" class="button" disabled={busy} onClick={() => run(() => onTrust(folder))}>
        {label}
      </button>
    </section>
  );
}
