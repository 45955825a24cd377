/** Where a message is written: the text, the files, the model, and what to do with the run that is under way. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Params } from "../../client/client.ts";
import type { WireSession } from "../../protocol/session.ts";
import type { Conversation } from "../state/conversation.ts";
import { troubleOf } from "../state/phase.ts";
import { AttachmentList } from "./attachment-list.tsx";
import { type Attachment, addFiles, forget, type Refusal, roomFor, toWire } from "./attachments.ts";
import { useFormats, useShell, useT } from "./context.ts";
import { ContextGauge } from "./context-gauge.tsx";
import { FileButtons } from "./file-buttons.tsx";
import { Icon } from "./icon.tsx";
import { isMod } from "./keys.ts";
import { ModelPicker } from "./model-picker.tsx";
import { SlashList, useSlashMenu } from "./slash-menu.tsx";
import { StopButton } from "./stop-button.tsx";
import { ThinkingPicker } from "./thinking-picker.tsx";
import { useGivenFiles } from "./use-given-files.ts";

type Mode = "queue" | "steer";

export type Setting = Partial<Pick<WireSession, "model" | "thinking">>;

export interface ComposerProps {
  /** Names the draft. */
  readonly place: string;
  readonly setting: Required<Setting>;
  readonly activeRun: string | undefined;
  /** Undefined while there is none yet. */
  readonly conversation?: Conversation;
  readonly onSetting: (change: Setting) => Promise<void>;
  /** Resolves when the message is on the server's disk. */
  readonly onSend: (message: Omit<Params<"agent.run">, "session_key">) => Promise<void>;
  readonly onStop: (runId: string, how: "cancel" | "abort") => Promise<void>;
}

const MAX_HEIGHT = 240;

export function Composer({ place, setting, activeRun, conversation, onSetting, onSend, onStop }: ComposerProps) {
  const t = useT();
  const { bytes } = useFormats();
  const { panel, drafts } = useShell();
  const [text, setText] = useState(() => drafts.read(place));
  const [files, setFiles] = useState<readonly Attachment[]>([]);
  const [sending, setSending] = useState(false);
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  const field = useRef<HTMLTextAreaElement>(null);
  /** The same for every try to send this draft: a message whose answer was lost is not sent twice. */
  const attempt = useRef<string | undefined>(undefined);
  /** Sent before the first connection stood: it goes as soon as that does, if nothing of it has changed. */
  const [early, setEarly] = useState<Mode | undefined>(undefined);
  const fileIds = useRef(0);
  const link = panel.connection.link.value;
  const connected = link.kind === "connected";
  const busy = activeRun !== undefined;
  const connecting = link.kind === "connecting";
  const canSend = (connected || connecting) && !sending && (text.trim() !== "" || files.length > 0);
  const underWay = useRef(false);

  /** What is sent from here on is another message. */
  const renew = () => {
    attempt.current = undefined;
    setEarly(undefined);
  };

  const write = (next: string) => {
    renew();
    setText(next);
    drafts.write(place, next);
  };

  const slash = useSlashMenu(text, write);

  useLayoutEffect(() => {
    const area = field.current!;
    area.style.height = "auto";
    area.style.height = `${Math.min(MAX_HEIGHT, area.scrollHeight)}px`;
  }, [text]);

  useEffect(() => {
    // A page that was just opened is there to be written on; who has the focus elsewhere keeps it, and a phone its keyboard.
    const isFree = document.activeElement === null || document.activeElement === document.body;
    if (isFree && matchMedia("(pointer: fine)").matches) field.current?.focus({ preventScroll: true });
  }, []);

  const offered = panel.offered.value;
  useEffect(() => {
    if (offered === undefined) return;
    panel.offered.value = undefined;
    // What is being written is worth more than what is offered.
    const written = field.current?.value ?? "";
    if (written.trim() === "") write(offered);
    else if (!written.includes(offered)) write(`${written}\n\n${offered}`);
    field.current?.focus();
  }, [offered]);

  const held = useRef(files);
  held.current = files;
  useEffect(() => () => held.current.forEach(forget), []);

  const attach = (given: readonly File[]) => {
    if (given.length === 0) return;
    renew();
    const room = roomFor(connected ? link.hello.policy.max_payload : 8 * 1024 * 1024);
    const { attachments, refusal } = addFiles(files, given, { room, nextId: () => ++fileIds.current });
    setFiles(attachments);
    setTrouble(refusal && refusalText(refusal));
  };
  const dragging = useGivenFiles(attach);
  const refusalText = (refusal: Refusal) => {
    if (refusal.why === "too_many") return t("composer.too_many", { limit: refusal.limit });
    if (refusal.why === "too_large")
      return t("composer.too_large", { name: refusal.name, limit: bytes(refusal.limit) });
    return t("composer.unreadable", { name: refusal.name });
  };
  const remove = (gone: Attachment) => {
    renew();
    forget(gone);
    setFiles(files.filter((file) => file !== gone));
    field.current?.focus();
  };

  const send = async (mode: Mode) => {
    // What is in the field now: the state follows it by a frame.
    const written = field.current?.value ?? "";
    if (underWay.current || (written.trim() === "" && files.length === 0)) return;
    setTrouble(undefined);
    if (connecting) setEarly(mode);
    if (!connected) return;
    underWay.current = true;
    setSending(true);
    attempt.current ??= crypto.getRandomValues(new Uint32Array(4)).join("-");
    try {
      const attachments = await Promise.all(files.map(toWire));
      await onSend({
        // A message has text; of files alone their names are it.
        message: written.trim() === "" ? files.map(({ name }) => name).join(", ") : written,
        mode,
        idempotency_key: `panel-${attempt.current}`,
        ...(attachments.length > 0 ? { attachments } : {}),
      });
      files.forEach(forget);
      setFiles([]);
      write("");
    } catch (error) {
      setTrouble(t("composer.not_sent", { why: troubleOf(error).message }));
    } finally {
      underWay.current = false;
      setSending(false);
      field.current?.focus();
    }
  };

  useEffect(() => {
    if (early === undefined || connecting) return;
    setEarly(undefined);
    void send(early);
  }, [early, connecting]);

  const press = (event: KeyboardEvent) => {
    if (slash.press(event)) return;
    // Enter also ends the choice of a character in an input method.
    if (event.key !== "Enter" || event.isComposing || event.shiftKey) return;
    if (isMod(event)) {
      event.preventDefault();
      void send(busy ? "steer" : "queue");
    } else if (!matchMedia("(pointer: coarse)").matches) {
      event.preventDefault();
      void send("queue");
    }
  };
  const change = (setting: Setting) => {
    setTrouble(undefined);
    onSetting(setting).catch((error: unknown) => setTrouble(troubleOf(error).message));
  };

  return (
    <form
      class={dragging ? "composer dragging" : "composer"}
      onSubmit={(event) => {
        event.preventDefault();
        void send("queue");
      }}
    >
      <div class="composer-box">
        {dragging && <p class="composer-drop">{t("composer.drop")}</p>}
        <SlashList menu={slash} />
        <AttachmentList files={files} onRemove={remove} />
        <textarea
          ref={field}
          id="composer"
          rows={1}
          aria-label={t("composer.label")}
          aria-describedby="composer-state"
          {...slash.field}
          placeholder={t(busy ? "composer.placeholder_busy" : "composer.placeholder")}
          value={text}
          readOnly={sending}
          onInput={({ currentTarget }) => write(currentTarget.value)}
          onKeyDown={press}
        />
        <div class="composer-bar">
          <FileButtons onFiles={attach} />
          <ModelPicker model={setting.model} disabled={!connected} onChoose={(model) => change({ model })} />
          <ThinkingPicker
            level={setting.thinking}
            disabled={!connected}
            onChoose={(thinking) => change({ thinking })}
          />
          <span class="spring" />
          {conversation && <ContextGauge conversation={conversation} />}
          {busy && text.trim() !== "" && (
            <button
              type="button"
              class="icon-button"
              aria-label={t("composer.steer")}
              title={t("composer.steer")}
              disabled={!canSend}
              onClick={() => void send("steer")}
            >
              <Icon name="steer" />
            </button>
          )}
          {busy && <StopButton key={activeRun} runId={activeRun} disabled={!connected} onStop={onStop} />}
          {(!busy || text.trim() !== "" || files.length > 0) && (
            <button
              type="submit"
              class="send"
              disabled={!canSend}
              aria-label={t(busy ? "composer.queue" : "composer.send")}
              title={t(busy ? "composer.queue" : "composer.send")}
            >
              <Icon name="send" />
            </button>
          )}
        </div>
      </div>
      <p
        class={trouble ? "composer-state failed" : "composer-state"}
        id="composer-state"
        role={trouble ? "alert" : undefined}
      >
        {trouble ??
          (sending ? (
            t("composer.sending")
          ) : early ? (
            t("composer.early")
          ) : connected ? (
            <span class="keys-only">{t("composer.hint")}</span>
          ) : (
            t("composer.offline")
          ))}
      </p>
    </form>
  );
}
