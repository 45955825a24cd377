/** The questions about one conversation: its name, and whether it is to be deleted. */
import { useRef, useState } from "preact/hooks";
import { troubleOf } from "../state/phase.ts";
import { usePanel, useT } from "./context.ts";
import { Dialog } from "./dialog.tsx";

export interface SessionDialogProps {
  readonly sessionKey: string;
  readonly title: string;
  readonly onClose: () => void;
}

export function RenameDialog({ sessionKey, title, onClose }: SessionDialogProps) {
  const t = useT();
  const { sessions } = usePanel();
  const [name, setName] = useState(title);
  const field = useRef<HTMLInputElement>(null);
  // What is in the field now: the state follows it by a frame.
  const rename = () => sessions.rename(sessionKey, (field.current?.value ?? name).trim());
  const { trouble, run } = useAct(rename, onClose);
  return (
    <Dialog title={t("session.rename")} onClose={onClose}>
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (field.current?.value.trim() !== "") run();
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

export function DeleteDialog({ sessionKey, title, onClose }: SessionDialogProps) {
  const t = useT();
  const { sessions, router } = usePanel();
  const remove = async () => {
    await sessions.remove(sessionKey);
    const place = router.place.peek();
    if (place.page === "session" && place.key === sessionKey) router.replace({ page: "new" });
  };
  const { trouble, run } = useAct(remove, onClose);
  return (
    <Dialog title={t("session.delete_title")} onClose={onClose}>
      <p>{t("session.delete_text", { title })}</p>
      <Trouble text={trouble} />
      <div class="dialog-acts">
        <button type="button" class="button" data-first onClick={onClose}>
          {t("act.cancel")}
        </button>
        <button type="button" class="button danger primary" onClick={run}>
          {t("session.delete")}
        </button>
      </div>
    </Dialog>
  );
}

function useAct(act: () => Promise<void>, onDone: () => void): { trouble: string | undefined; run: () => void } {
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  const run = () => {
    setTrouble(undefined);
    act().then(onDone, (error: unknown) => setTrouble(troubleOf(error).message));
  };
  return { trouble, run };
}

function Trouble({ text }: { text: string | undefined }) {
  return text === undefined ? null : (
    <p class="failed" role="alert">
      {text}
    </p>
  );
}
