/** Lists to choose from: conversations, models, what was said. */
import { sentences } from "../panel/state/phase.ts";
import { EMPTY, type Field } from "./field.ts";
import { clean } from "./line.ts";
import type { Ui } from "./ui.ts";
import type { Overlay, PickItem } from "./ui-state.ts";
import { age, titleOf } from "./words.ts";

export type Pick = Extract<Overlay, { kind: "pick" }>;

const FOUND = 50;

export function pickSession(ui: Ui): void {
  const find = async (words: string) => {
    const { sessions } = await ui.desk.call("session.list", {
      limit: FOUND,
      ...(words === "" ? {} : { filter: words }),
    });
    return sessions.map((session) => ({
      id: session.session_key,
      text: titleOf(session),
      note: `${age(session.updated_at, ui.now)}${session.active_run === null ? "" : " · writing"}`,
    }));
  };
  open(ui, { title: "Conversations", find, choose: ({ id }) => ui.open(id) });
}

export function pickModel(ui: Ui): void {
  const { models } = ui.desk;
  const load = async () => {
    await Promise.all([models.loadConfig(), models.loadList()]);
    const config = models.config.peek();
    const phase = models.phase.peek();
    if (phase.kind === "failed") ui.say(phase.trouble.message, "bad");
    const usual: PickItem = { id: "", text: "The agent's own", note: config?.default ?? "" };
    const aliases = Object.entries(config?.aliases ?? {}).map(([id, note]) => ({
      id,
      text: clean(id),
      note: clean(note),
    }));
    const listed = (models.list.peek()?.models ?? []).map(({ ref, name = "" }) => ({
      id: ref,
      text: clean(ref),
      note: clean(name),
    }));
    return [usual, ...aliases, ...listed];
  };
  open(
    ui,
    {
      title: "Model of this conversation",
      find: undefined,
      choose: ({ id }) => {
        ui.overlay(undefined);
        ui.choose(id === "" ? null : id);
      },
    },
    load,
  );
}

export function pickMessage(ui: Ui): void {
  const find = async (words: string) => {
    if (words.trim() === "") return [];
    const { messages } = await ui.desk.call("session.search", { query: words, limit: FOUND });
    return messages.map(({ session_key, title, message_id, snippet, ts }) => ({
      id: `${session_key} ${message_id}`,
      text: clean(snippet).replace(/\s+/g, " "),
      note: `${titleOf({ title, session_key })}, ${age(ts, ui.now)}`,
    }));
  };
  const choose = ({ id }: PickItem) => {
    const [sessionKey = "", messageId = ""] = id.split(" ");
    ui.open(sessionKey);
    ui.try(async () => {
      const conversation = ui.desk.conversation.peek();
      await conversation.load();
      const key = await conversation.reveal(messageId);
      if (key !== undefined) ui.set({ anchor: { key, row: 0 } });
    });
  };
  open(ui, { title: "Search what was said", find, choose });
}

function open(ui: Ui, pick: Opened, load = () => pick.find?.("") ?? Promise.resolve([])): void {
  ui.overlay({ kind: "pick", ...pick, field: EMPTY, items: undefined, index: 0, trouble: undefined });
  fill(ui, pick.choose, "", load());
}

type Opened = { readonly title: string } & { readonly find: Pick["find"]; readonly choose: Pick["choose"] };

/** An answer that comes after the list was closed, or other words were written, is not heard. */
function fill(ui: Ui, choose: Pick["choose"], words: string, found: Promise<readonly PickItem[]>): void {
  const current = (): Pick | undefined => {
    const { overlay } = ui.state.peek();
    const isMine = overlay?.kind === "pick" && overlay.choose === choose;
    return isMine && (overlay.find === undefined || overlay.field.text === words) ? overlay : undefined;
  };
  found.then(
    (items) => {
      const overlay = current();
      if (overlay) ui.set({ overlay: { ...overlay, items, index: 0, trouble: undefined } });
    },
    (thrown: unknown) => {
      const overlay = current();
      if (overlay) ui.set({ overlay: { ...overlay, items: [], trouble: sentences(thrown) } });
    },
  );
}

/** The person wrote other words into the list's field. */
export function refind(ui: Ui, overlay: Pick, field: Field): void {
  const same = field.text === overlay.field.text;
  ui.set({ overlay: { ...overlay, field, ...(same ? {} : { index: 0 }) } });
  if (!same && overlay.find) fill(ui, overlay.choose, field.text, overlay.find(field.text));
}

/** What is left of the list with the words that were written. */
export function shownItems({ items = [], find, field }: Pick): readonly PickItem[] {
  const wanted = field.text.trim().toLowerCase();
  if (find || wanted === "") return items;
  return items.filter(({ text, note }) => `${text} ${note}`.toLowerCase().includes(wanted));
}
