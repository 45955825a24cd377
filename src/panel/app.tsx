/** The panel: the list, the page, the dialogs, and the keys that work everywhere. */
import { useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";
import { Announcer } from "./components/announcer.tsx";
import { ConfirmDialog } from "./components/confirm-dialog.tsx";
import { type DialogRequest, type Shell, ShellContext, useShell, useT } from "./components/context.ts";
import { InviteDialog } from "./components/invite-dialog.tsx";
import { isLetter, isMod, isTyping } from "./components/keys.ts";
import { KeysDialog } from "./components/keys-dialog.tsx";
import { Layout, type RailControl } from "./components/layout.tsx";
import { Lazily } from "./components/lazily.tsx";
import { LinkDialog } from "./components/link-dialog.tsx";
import { RenameDialog } from "./components/rename-dialog.tsx";
import { StatusLines } from "./components/status-lines.tsx";
import { TokenDialog } from "./components/token-dialog.tsx";
import { LANGUAGES } from "./i18n/languages.ts";
import { ApprovalsPage } from "./pages/approvals.tsx";
import { ChannelsPage } from "./pages/channels.tsx";
import { NewPage, SessionPage } from "./pages/chat.tsx";
import { DevicesPage } from "./pages/devices.tsx";
import { McpPage } from "./pages/mcp.tsx";
import { MemoryPage } from "./pages/memory.tsx";
import { PluginsPage } from "./pages/plugins.tsx";
import { SchedulesPage } from "./pages/schedules.tsx";
import { SearchPage } from "./pages/search.tsx";
import { SettingsPage } from "./pages/settings.tsx";
import { SkillsPage } from "./pages/skills.tsx";
import { UsagePage } from "./pages/usage.tsx";
import type { Place } from "./state/router.ts";

export type AppProps = Omit<Shell, "openDialog">;

export function App(props: AppProps) {
  const { panel } = props;
  const [dialog, setDialog] = useState<DialogRequest | undefined>(undefined);
  const shell = useMemo<Shell>(() => ({ ...props, openDialog: setDialog }), []);
  const close = () => setDialog(undefined);

  useSignalEffect(() => {
    const { theme } = panel.preferences;
    const root = document.documentElement;
    if (theme.value === "system") delete root.dataset.theme;
    else root.dataset.theme = theme.value;
    root.lang = LANGUAGES[panel.wording.shown.value.language].tag;
  });

  return (
    <ShellContext.Provider value={shell}>
      <Skip />
      <Layout>
        {(rail) => (
          <>
            <Keys rail={rail} onOpen={(kind) => setDialog({ kind })} />
            <StatusLines />
            <main class="main" tabIndex={-1}>
              <Page place={panel.router.place.value} />
            </main>
          </>
        )}
      </Layout>
      {dialog?.kind === "keys" && <KeysDialog onClose={close} />}
      {dialog?.kind === "palette" && <Lazily load={loadPalette} onClose={close} />}
      {dialog?.kind === "rename" && <RenameDialog sessionKey={dialog.key} title={dialog.title} onClose={close} />}
      {dialog?.kind === "confirm" && <ConfirmDialog {...dialog} onClose={close} />}
      {dialog?.kind === "invite" && <InviteDialog onClose={close} />}
      {dialog?.kind === "link" && <LinkDialog onClose={close} />}
      {dialog?.kind === "token" && <TokenDialog onClose={close} />}
      <Announcer />
    </ShellContext.Provider>
  );
}

const loadAdministration = () =>
  import("./pages/administration.tsx").then(({ AdministrationPage }) => AdministrationPage);
const loadPalette = () => import("./components/palette.tsx").then(({ Palette }) => Palette);

const loadSetup = () => import("./pages/setup.tsx").then(({ SetupPage }) => SetupPage);

/** The first stop of the keyboard: past the list. */
function Skip() {
  const t = useT();
  const skip = () => (document.getElementById("composer") ?? document.querySelector<HTMLElement>(".main"))?.focus();
  return (
    <button type="button" class="button skip" onClick={skip}>
      {t("app.skip")}
    </button>
  );
}

function Page({ place }: { place: Place }) {
  switch (place.page) {
    case "new":
      return <NewPage />;
    case "session":
      return <SessionPage key={place.key} sessionKey={place.key} at={place.message} />;
    case "approvals":
      return <ApprovalsPage />;
    case "plugins":
      return <PluginsPage />;
    case "skills":
      return <SkillsPage />;
    case "mcp":
      return <McpPage />;
    case "channels":
      return <ChannelsPage />;
    case "schedules":
      return <SchedulesPage />;
    case "memory":
      return <MemoryPage />;
    case "search":
      return <SearchPage query={place.query ?? ""} />;
    case "usage":
      return <UsagePage />;
    case "devices":
      return <DevicesPage />;
    case "settings":
      return <SettingsPage />;
    case "setup":
      return <Lazily key="setup" load={loadSetup} />;
    default:
      return <Lazily key="administration" load={loadAdministration} page={place.page} />;
  }
}

function Keys({ rail, onOpen }: { rail: RailControl; onOpen: (kind: "keys" | "palette") => void }) {
  const { panel } = useShell();
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
      const act = actionOf(event);
      if (!act) return;
      event.preventDefault();
      act();
    };
    const actionOf = (event: KeyboardEvent): (() => void) | undefined => {
      if (isMod(event) && event.key.toLowerCase() === "k") return () => onOpen("palette");
      // Of a long conversation only a part is in the page: the browser would not find the rest. Pressed again it is the browser's.
      if (isMod(event) && event.key.toLowerCase() === "f" && !event.shiftKey) {
        const isElsewhere = panel.router.place.peek().page !== "session" || document.activeElement?.id === "find";
        return isElsewhere ? undefined : find;
      }
      if (isMod(event) && event.key.toLowerCase() === "b") return rail.toggle;
      if (isMod(event) && event.key === ".") return () => document.getElementById("stop")?.click();
      if (event.altKey && isLetter(event, "n")) return () => panel.router.go({ page: "new" });
      if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
        return () => step(event.key === "ArrowUp" ? -1 : 1);
      }
      if (isTyping(event) || isMod(event) || event.altKey) return undefined;
      if (event.key === "?") return () => onOpen("keys");
      if (event.key === "/") return () => document.getElementById("composer")?.focus();
      return undefined;
    };
    const find = () => {
      panel.finding.value = true;
      document.getElementById("find")?.focus();
    };
    const step = (by: 1 | -1) => {
      const rows = panel.sessions.rows.peek();
      const place = panel.router.place.peek();
      const at = rows.findIndex(({ session_key }) => place.page === "session" && session_key === place.key);
      const next = rows[at < 0 ? 0 : at + by];
      if (next) panel.router.go({ page: "session", key: next.session_key });
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [panel, rail, onOpen]);
  return null;
}
