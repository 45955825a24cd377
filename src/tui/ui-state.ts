/** What the person sees and does at this terminal, apart from what the server has. */
import type { Question } from "../panel/state/approvals.ts";
import { isBelow } from "../protocol/session-key.ts";
import { EMPTY, type Field } from "./field.ts";
import type { Hue } from "./line.ts";
import type { ThemeName } from "./theme.ts";
import type { Anchor } from "./viewport.ts";

export type Focus = "field" | "conversation" | "sessions" | "approval";

export interface PickItem {
  readonly id: string;
  readonly text: string;
  readonly note: string;
}

/** What lies over everything else until it is closed. */
export type Overlay =
  | { readonly kind: "keys"; readonly top: number }
  | {
      readonly kind: "pick";
      readonly title: string;
      readonly field: Field;
      /** Undefined until they are known. */
      readonly items: readonly PickItem[] | undefined;
      readonly index: number;
      readonly trouble: string | undefined;
      /** Asked again as the person writes, where the server does the searching. */
      readonly find: ((words: string) => Promise<readonly PickItem[]>) | undefined;
      readonly choose: (item: PickItem) => void;
    }
  | { readonly kind: "write"; readonly title: string; readonly field: Field; readonly done: (text: string) => void }
  | { readonly kind: "confirm"; readonly text: string; readonly yes: () => void };

export interface Notice {
  readonly text: string;
  readonly hue: Hue;
}

export interface UiState {
  readonly field: Field;
  readonly menuIndex: number;
  /** The text at which the menu was closed. */
  readonly menuClosed: string | undefined;
  readonly focus: Focus;
  readonly overlay: Overlay | undefined;
  readonly turned: ReadonlySet<string>;
  readonly allOpen: boolean;
  readonly chosen: string | undefined;
  readonly anchor: Anchor;
  /** How the end of the conversation was when the person scrolled away from it. */
  readonly leftAt: string | undefined;
  /** Undefined: where there is room. */
  readonly showSessions: boolean | undefined;
  readonly showTools: boolean | undefined;
  readonly sessionIndex: number;
  /** The question that the person put off. */
  readonly later: string | undefined;
  /** First row of the approval that is seen. */
  readonly approvalTop: number;
  readonly theme: ThemeName;
  readonly notice: Notice | undefined;
  /** Ctrl+C was the last key. */
  readonly leaving: boolean;
}

export function initialState(theme: ThemeName): UiState {
  return {
    field: EMPTY,
    menuIndex: 0,
    menuClosed: undefined,
    focus: "field",
    overlay: undefined,
    turned: new Set(),
    allOpen: false,
    chosen: undefined,
    anchor: undefined,
    leftAt: undefined,
    showSessions: undefined,
    showTools: undefined,
    sessionIndex: 0,
    later: undefined,
    approvalTop: 0,
    theme,
    notice: undefined,
    leaving: false,
  };
}

/** A question of the open conversation, or of a subagent below it. */
export function questionsOf(waiting: readonly Question[], sessionKey: string): readonly Question[] {
  return waiting.filter(({ session_key: key }) => key !== null && (key === sessionKey || isBelow(key, sessionKey)));
}
