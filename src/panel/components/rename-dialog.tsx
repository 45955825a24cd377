/** Gives a conversation another name. */
import { useRef, useState } from "preact/hooks";
import { usePanel, useT } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

export interface RenameDialogProps {
  readonly sessionKey: string;
  readonly title: string;
  readonly onClose: () => void;
}

export function RenameDialog({ sessionKey, title, onClose }: RenameDialogProps) {
  const t = useT();
  const { sessions } = usePanel();
  const [name, setName] = useState(title);
  const field = useRef<HTMLInputElement>(null);
  // What is in the field now: the state follows it by a frame.
  const rename = () => sessions.rename(sessionKey, (field.current?.value ?? name).trim());
  const { trouble, run } = useAct();
  return (
    <Dialog title={t("session.rename")} onClose={onClose}>
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (field.current?.value.trim() !== "") run(rename, onClose);
        }}
      >
        <label>
          <span class="meta">{t("session.name")}</span>
          <input
            class="field"
            maxLength={200}
            value={name}
            ref={field}
            data-first
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </label>
        <Trouble text={trouble} />
        <div class="dialog-acts">
          <button type="button" class="button" onClick={onClose}>
            {t("act.cancel")}
          </button>
          <button type="submit" class="button primary" disabled={name.trim() === ""}>
            {t("act.save")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
