/** What every component may ask for: the state, the words, the formats, the Markdown. */
import { createContext } from "preact";
import { useContext, useMemo } from "preact/hooks";
import { createFormats, type Formats, type Translate, translate } from "../i18n/translate.ts";
import type { Typesetter } from "../markdown/typesetter.ts";
import type { Drafts } from "../state/drafts.ts";
import type { Panel } from "../state/panel.ts";
import type { Confirmation } from "./confirm-dialog.tsx";

export interface Shell {
  readonly panel: Panel;
  readonly typesetter: Typesetter;
  readonly drafts: Drafts;
  /** Asks in a dialog; at most one is open. */
  readonly openDialog: (dialog: DialogRequest) => void;
  readonly logOut: () => void;
  /** Ends every login of the same person, here and elsewhere. Rejects when the server does not answer. */
  readonly logOutEverywhere: () => Promise<void>;
}

export type DialogRequest =
  | { readonly kind: "keys" }
  | { readonly kind: "palette" }
  | { readonly kind: "rename"; readonly key: string; readonly title: string }
  | ({ readonly kind: "confirm" } & Confirmation)
  | { readonly kind: "token" }
  | { readonly kind: "invite" }
  | { readonly kind: "link" };

export const ShellContext = createContext<Shell | undefined>(undefined);

export function useShell(): Shell {
  const shell = useContext(ShellContext);
  if (!shell) throw new Error("No shell around this component");
  return shell;
}

export function usePanel(): Panel {
  return useShell().panel;
}

export function useT(): Translate {
  const wording = usePanel().wording.shown.value;
  return useMemo(() => (key, values) => translate(wording, key, values), [wording]);
}

export function useFormats(): Formats {
  const { wording, now } = usePanel();
  const shown = wording.shown.value;
  return useMemo(() => createFormats(shown, now), [shown, now]);
}
