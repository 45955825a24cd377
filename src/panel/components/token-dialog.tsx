/** Makes a token: its name, what it may do, until when; then the token itself, this once. */
import { useRef, useState } from "preact/hooks";
import type { Scope } from "../../protocol/identity.ts";
import { usePanel, useT } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { chosenLifetime, LIFETIMES, LifetimeChoice, type LifetimeName } from "./lifetime-choice.tsx";
import { chosenScopes, ScopeChoice } from "./scope-choice.tsx";
import { Secret } from "./secret.tsx";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

export function TokenDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const { access } = usePanel();
  const { busy, trouble, run } = useAct();
  const [scopes, setScopes] = useState<readonly Scope[]>(["read", "chat"]);
  const [lifetime, setLifetime] = useState<LifetimeName>("month");
  const [token, setToken] = useState<string | undefined>(undefined);
  const field = useRef<HTMLInputElement>(null);
  const make = (form: HTMLFormElement) => {
    const chosen = chosenScopes(form);
    const name = field.current?.value.trim() ?? "";
    if (name === "") return field.current?.focus();
    const ms = LIFETIMES[chosenLifetime(form) ?? lifetime];
    const wanted = { name, scopes: [...chosen], ...(ms === undefined ? {} : { expires_in_ms: ms }) };
    if (chosen.length > 0) run(() => access.createToken(wanted), setToken);
  };
  if (token !== undefined) {
    return (
      <Dialog key="made" title={t("access.token_made")} onClose={onClose}>
        <Secret text={token} about={t("access.token_once")} onClose={onClose} />
      </Dialog>
    );
  }
  return (
    <Dialog key="make" title={t("access.token_new")} onClose={onClose}>
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          make(event.currentTarget);
        }}
      >
        <label>
          <span class="meta">{t("access.token_name")}</span>
          <input
            class="field"
            ref={field}
            required
            maxLength={64}
            pattern="[\x20-\x7e]+"
            title={t("access.token_name_form")}
            data-first
          />
        </label>
        <ScopeChoice label={t("access.scopes_given")} value={scopes} onChange={setScopes} />
        <LifetimeChoice among={["day", "week", "month", "year", "never"]} value={lifetime} onChange={setLifetime} />
        <Trouble text={trouble} />
        <div class="dialog-acts">
          <button type="button" class="button" onClick={onClose}>
            {t("act.cancel")}
          </button>
          <button type="submit" class="button primary" disabled={busy || scopes.length === 0}>
            {t("access.token_make")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
