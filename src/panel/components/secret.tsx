/** A text that is told once: whole, to be copied, and gone when it is closed. */

import { useT } from "./context.ts";
import { CopyButton } from "./copy-button.tsx";

export function Secret({ text, about, onClose }: { text: string; about: string; onClose: () => void }) {
  const t = useT();
  return (
    <>
      <p>{about}</p>
      <div class="secret">
        <output class="secret-text">{text}</output>
        <CopyButton text={() => text} label={t("act.copy")} first />
      </div>
      <div class="dialog-acts">
        <button type="button" class="button primary" onClick={onClose}>
          {t("act.close")}
        </button>
      </div>
    </>
  );
}
