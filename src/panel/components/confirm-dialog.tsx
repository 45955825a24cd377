/** A question before something that cannot be undone: what it means, and the answer that does nothing comes first. */
import { useT } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

export interface Confirmation {
  readonly title: string;
  readonly text: string;
  /** Of the button that does it. */
  readonly label: string;
  readonly act: () => Promise<void>;
}

export function ConfirmDialog({ title, text, label, act, onClose }: Confirmation & { readonly onClose: () => void }) {
  const t = useT();
  const { busy, trouble, run } = useAct();
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      <Trouble text={trouble} />
      <div class="dialog-acts">
        <button type="button" class="button" data-first onClick={onClose}>
          {t("act.cancel")}
        </button>
        <button type="button" class="button danger primary" disabled={busy} onClick={() => run(act, onClose)}>
          {label}
        </button>
      </div>
    </Dialog>
  );
}
