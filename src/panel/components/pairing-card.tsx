/** A device that asks to be let in: what it says of itself, its code to compare, what it gets, and the two answers. */
import { useId, useRef, useState } from "preact/hooks";
import type { Scope } from "../../protocol/identity.ts";
import type { ShownPairing } from "../state/access.ts";
import { useFormats, usePanel, useT } from "./context.ts";
import { Fact } from "./entry.tsx";
import { chosenScopes, ScopeChoice } from "./scope-choice.tsx";
import { exactText } from "./tool-words.ts";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

export function PairingCard({ pairing }: { pairing: ShownPairing }) {
  const t = useT();
  const id = useId();
  const { access, connection } = usePanel();
  const { time } = useFormats();
  const card = useRef<HTMLElement>(null);
  const { busy, trouble, run } = useAct();
  const { code, name, platform, kind, role, scopes, address, device_id, expires_at } = pairing;
  const link = connection.link.value;
  const own: readonly Scope[] = link.kind === "connected" ? link.hello.scopes : [];
  const [given, setGiven] = useState<readonly Scope[]>(scopes.filter((scope) => own.includes(scope)));
  const isNode = role === "node";
  const wants = kind === "peer" ? "access.wants_peer" : isNode ? "access.wants_node" : "access.wants_in";
  return (
    <section class="approval" ref={card} aria-labelledby={id} data-entry={pairing.pairing_id}>
      <header class="approval-head">
        <span class="dot waiting" />
        <span>{t(kind === "peer" ? "access.pairing_peer" : "access.pairing")}</span>
        <span class="meta">{t("access.pairing_expires", { time: time(expires_at) })}</span>
      </header>
      <h2 id={id}>{t(wants, { name: exactText(name) || t("access.unnamed") })}</h2>
      <p class="approval-why">{t(kind === "peer" ? "access.compare_peer" : "access.compare")}</p>
      <p class="pairing-code">
        {code.slice(0, 4)}-{code.slice(4)}
      </p>
      <dl class="fact-list">
        {platform !== null && <Fact name={t("access.platform")}>{exactText(platform)}</Fact>}
        <Fact name={t(kind === "peer" ? "access.channel" : "access.address")}>
          <code>{address}</code>
        </Fact>
        <Fact name={t("access.id")}>
          <code>{device_id}</code>
        </Fact>
      </dl>
      {!isNode && <ScopeChoice label={t("access.scopes_given")} value={given} among={scopes} onChange={setGiven} />}
      <div class="approval-answers">
        <button
          type="button"
          class="button primary"
          disabled={busy || (!isNode && given.length === 0)}
          onClick={() => run(() => access.approve(pairing, chosenScopes(card.current)))}
        >
          {t("access.approve")}
        </button>
        <button type="button" class="button danger" disabled={busy} onClick={() => run(() => access.reject(pairing))}>
          {t("access.reject")}
        </button>
      </div>
      <Trouble text={trouble} />
    </section>
  );
}
