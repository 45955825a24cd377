/** The login at a remote MCP server: a page of its own where the person agrees, and the way back where it cannot reach us. */
import { useRef, useState } from "preact/hooks";
import { AlephError } from "../../protocol/errors.ts";
import type { ShownServer } from "../state/mcp.ts";
import { usePanel, useT } from "./context.ts";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

export function ServerLogin({ server: { name } }: { server: ShownServer }) {
  const t = useT();
  const { mcp } = usePanel();
  const { busy, trouble, run } = useAct();
  const [page, setPage] = useState<URL | undefined>(undefined);
  const field = useRef<HTMLInputElement>(null);
  const begin = () =>
    run(
      async () => webAddress(await mcp.logIn(name)),
      (address) => setPage(address),
    );
  const finish = () => {
    const address = field.current?.value.trim() ?? "";
    if (address !== "") run(() => mcp.finishLogIn(name, address));
  };
  return (
    <section class="piece">
      {!page && (
        <button type="button" class="button primary" disabled={busy} onClick={begin}>
          {t("mcp.login")}
        </button>
      )}
      {page && (
        <>
          <p>
            <a href={page.href} target="_blank" rel="noopener noreferrer">
              {t("mcp.login_at", { host: page.host })}
            </a>
          </p>
          <form
            class="install-form"
            onSubmit={(event) => {
              event.preventDefault();
              finish();
            }}
          >
            <label class="install-source">
              <span class="meta">{t("mcp.login_back")}</span>
              <input class="field" type="url" ref={field} required spellcheck={false} autocomplete="off" />
            </label>
            <button type="submit" class="button" disabled={busy}>
              {t("mcp.login_finish")}
            </button>
          </form>
        </>
      )}
      <Trouble text={trouble} />
    </section>
  );
}

/** The address comes from a stranger: only one that opens a page is followed. */
function webAddress(text: string): URL {
  const address = URL.parse(text);
  if (address?.protocol === "https:" || address?.protocol === "http:") return address;
  throw new AlephError("mcp_error", "The server named no page to log in at");
}
