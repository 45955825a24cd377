/** Lets one new device in: what it may do, then a code for its camera, a link, and the code to be typed. */
import { useState } from "preact/hooks";
import type { Scope } from "../../protocol/identity.ts";
import type { DeviceLink } from "../state/access.ts";
import { useFormats, usePanel, useT } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { isOfThisMachine } from "./of-this-machine.ts";
import { QrCode } from "./qr-code.tsx";
import { chosenScopes, ScopeChoice } from "./scope-choice.tsx";
import { Secret } from "./secret.tsx";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

const USUAL: readonly Scope[] = ["read", "chat", "write", "approve"];

export function LinkDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const { access } = usePanel();
  const { busy, trouble, run } = useAct();
  const [scopes, setScopes] = useState(USUAL);
  const [link, setLink] = useState<DeviceLink | undefined>(undefined);
  if (link) return <Made key="made" link={link} onClose={onClose} />;
  return (
    <Dialog key="make" title={t("access.link_new")} onClose={onClose}>
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          const chosen = chosenScopes(event.currentTarget);
          if (chosen.length > 0) run(() => access.link(chosen), setLink);
        }}
      >
        <p class="aside">{t("access.link_about")}</p>
        <ScopeChoice label={t("access.scopes_given")} value={scopes} onChange={setScopes} />
        <Trouble text={trouble} />
        <div class="dialog-acts">
          <button type="button" class="button" onClick={onClose}>
            {t("act.cancel")}
          </button>
          <button type="submit" class="button primary" data-first disabled={busy || scopes.length === 0}>
            {t("access.link_make")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Made({ link: { code, expires_at }, onClose }: { link: DeviceLink; onClose: () => void }) {
  const t = useT();
  const { time } = useFormats();
  const address = `${location.origin}/#pair=${code}`;
  return (
    <Dialog title={t("access.link_made")} onClose={onClose}>
      {isOfThisMachine(location.hostname) && <p class="line warn">{t("access.link_local")}</p>}
      <QrCode text={address} label={t("access.link_qr")} />
      <Secret text={address} about={t("access.link_once", { time: time(expires_at) })} onClose={onClose} />
    </Dialog>
  );
}

/** Where no other device can reach it. */
