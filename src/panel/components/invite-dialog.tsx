/**
 * Invites a guest, or the visitors of a page: which tools, for how long, how much may be used up; then the invite itself,
 * for a page as the line that puts the chat there, this once.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { widgetTag } from "../../protocol/widget-tag.ts";
import { sentences } from "../state/phase.ts";
import { Choices } from "./choices.tsx";
import { usePanel, useT } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { Late } from "./late.tsx";
import { chosenLifetime, LIFETIMES, LifetimeChoice } from "./lifetime-choice.tsx";
import { isOfThisMachine } from "./of-this-machine.ts";
import { Secret } from "./secret.tsx";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

const STAYS = ["hour", "day", "week", "month"] as const;
const PAGE_STAYS = ["day", "week", "month", "year"] as const;
/** What a page's visitors may use up, unless something else is chosen. */
const PAGE_TOKENS = 1_000_000;

export function InviteDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const { access } = usePanel();
  const { busy, trouble, run } = useAct();
  const [offered, setOffered] = useState<readonly string[] | undefined>(undefined);
  const [failure, setFailure] = useState<string | undefined>(undefined);
  const [tools, setTools] = useState<readonly string[]>([]);
  const [stay, setStay] = useState<(typeof STAYS | typeof PAGE_STAYS)[number]>("day");
  const [forWhom, setForWhom] = useState<"person" | "page">("person");
  const [invite, setInvite] = useState<string | undefined>(undefined);
  const tokens = useRef<HTMLInputElement>(null);
  const usd = useRef<HTMLInputElement>(null);
  const uses = useRef<HTMLInputElement>(null);
  const origins = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    access.guestTools().then(setOffered, (error: unknown) => setFailure(sentences(error)));
  }, [access]);
  const isPage = forWhom === "page";
  if (invite !== undefined) {
    return (
      <Dialog key="made" title={t(isPage ? "access.page_made" : "access.guest_made")} onClose={onClose}>
        {isPage && isOfThisMachine(location.hostname) && <p class="line warn">{t("access.page_local")}</p>}
        <Secret
          text={isPage ? widgetTag({ origin: location.origin, invite }) : invite}
          about={t(isPage ? "access.page_once" : "access.guest_once")}
          onClose={onClose}
        />
      </Dialog>
    );
  }
  const make = (form: HTMLFormElement) => {
    // As they are checked now: the state follows by a frame.
    const chosen = new FormData(form).getAll("tool").filter((name) => typeof name === "string");
    const lasts = LIFETIMES[chosenLifetime(form) ?? stay];
    const [most, cost] = [tokens.current?.valueAsNumber, usd.current?.valueAsNumber];
    const budget = { ...(most ? { tokens: most } : {}), ...(cost ? { cost_usd: cost } : {}) };
    const pages = (origins.current?.value ?? "").split(/[\s,]+/).filter((origin) => origin !== "");
    const visitors = uses.current?.valueAsNumber;
    const page = isPage ? { origins: pages, ...(visitors ? { uses: visitors } : {}) } : {};
    run(() => access.invite({ tools: chosen, expires_in_ms: lasts ?? LIFETIMES.day, budget, ...page }), setInvite);
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
        <Choices
          label={t("access.guest_for")}
          options={[
            { value: "person", label: t("access.guest_person") },
            { value: "page", label: t("access.guest_page") },
          ]}
          value={forWhom}
          onChoose={(whom) => {
            setForWhom(whom);
            setStay(whom === "page" ? "month" : "day");
          }}
        />
        {isPage && (
          <label>
            <span class="meta">{t("access.page_origins")}</span>
            <textarea
              class="field"
              ref={origins}
              rows={2}
              required
              placeholder="https://example.org"
              spellcheck={false}
            />
            <span class="aside">{t("access.page_about")}</span>
          </label>
        )}
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
        <LifetimeChoice among={isPage ? PAGE_STAYS : STAYS} value={stay} onChange={setStay} />
        <label>
          <span class="meta">{t("access.guest_max_tokens")}</span>
          <input
            key={forWhom}
            class="field"
            ref={tokens}
            type="number"
            min={1}
            step={1}
            inputMode="numeric"
            defaultValue={isPage ? String(PAGE_TOKENS) : ""}
          />
        </label>
        <label>
          <span class="meta">{t("access.guest_max_usd")}</span>
          <input class="field" ref={usd} type="number" min={0.01} step={0.01} inputMode="decimal" />
        </label>
        {isPage && (
          <label>
            <span class="meta">{t("access.page_max_uses")}</span>
            <input class="field" ref={uses} type="number" min={1} step={1} inputMode="numeric" />
          </label>
        )}
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
