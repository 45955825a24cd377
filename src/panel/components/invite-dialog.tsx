/** Invites a guest: which tools, for how long, how much may be used up; then the invite itself, this once. */
import { useEffect, useRef, useState } from "preact/hooks";
import { sentences } from "../state/phase.ts";
import { usePanel, useT } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { Late } from "./late.tsx";
import { chosenLifetime, LIFETIMES, LifetimeChoice } from "./lifetime-choice.tsx";
import { Secret } from "./secret.tsx";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

const STAYS = ["hour", "day", "week", "month"] as const;

export function InviteDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const { access } = usePanel();
  const { busy, trouble, run } = useAct();
  const [offered, setOffered] = useState<readonly string[] | undefined>(undefined);
  const [failure, setFailure] = useState<string | undefined>(undefined);
  const [tools, setTools] = useState<readonly string[]>([]);
  const [stay, setStay] = useState<(typeof STAYS)[number]>("day");
  const [invite, setInvite] = useState<string | undefined>(undefined);
  const tokens = useRef<HTMLInputElement>(null);
  const usd = useRef<HTMLInputElement>(null);
  useEffect(() => {
    access.guestTools().then(setOffered, (error: unknown) => setFailure(sentences(error)));
  }, [access]);
  if (invite !== undefined) {
    return (
      <Dialog key="made" title={t("access.guest_made")} onClose={onClose}>
        <Secret text={invite} about={t("access.guest_once")} onClose={onClose} />
      </Dialog>
    );
  }
  const make = (form: HTMLFormElement) => {
    // As they are checked now: the state follows by a frame.
    const chosen = new FormData(form).getAll("tool").filter((name) => typeof name === "string");
    const lasts = LIFETIMES[chosenLifetime(form) ?? stay];
    const [most, cost] = [tokens.current?.valueAsNumber, usd.current?.valueAsNumber];
    const budget = { ...(most ? { tokens: most } : {}), ...(cost ? { cost_usd: cost } : {}) };
    run(() => access.invite({ tools: chosen, expires_in_ms: lasts ?? LIFETIMES.day, budget }), setInvite);
  };
  return (
    <Dialog key="make" title={t("access.guest_new")} onClose={onClose}>
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          make(event.currentTarget);
        }}
      >
        <fieldset class="scopes">
          <legend class="meta">{t("access.guest_tools")}</legend>
          {!offered && failure === undefined && <Late>{t("access.guest_loading")}</Late>}
          <div class="choices">
            {offered?.map((name) => (
              <label key={name} class="check">
                <input
                  type="checkbox"
                  name="tool"
                  value={name}
                  checked={tools.includes(name)}
                  onChange={({ currentTarget }) =>
                    setTools(currentTarget.checked ? [...tools, name] : tools.filter((other) => other !== name))
                  }
                />
                <code>{name}</code>
              </label>
            ))}
          </div>
        </fieldset>
        <LifetimeChoice among={STAYS} value={stay} onChange={setStay} />
        <label>
          <span class="meta">{t("access.guest_max_tokens")}</span>
          <input class="field" ref={tokens} type="number" min={1} step={1} inputMode="numeric" />
        </label>
        <label>
          <span class="meta">{t("access.guest_max_usd")}</span>
          <input class="field" ref={usd} type="number" min={0.01} step={0.01} inputMode="decimal" />
        </label>
        <Trouble text={trouble ?? failure} />
        <div class="dialog-acts">
          <button type="button" class="button" onClick={onClose}>
            {t("act.cancel")}
          </button>
          <button type="submit" class="button primary" disabled={busy || !offered}>
            {t("access.guest_make")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
