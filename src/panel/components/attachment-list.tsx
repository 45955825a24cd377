/** The files that go with the next message. */
import type { Attachment } from "./attachments.ts";
import { useFormats, useT } from "./context.ts";
import { Icon } from "./icon.tsx";

export function AttachmentList({
  files,
  onRemove,
}: {
  files: readonly Attachment[];
  onRemove: (file: Attachment) => void;
}) {
  const t = useT();
  const { bytes } = useFormats();
  if (files.length === 0) return null;
  return (
    <ul class="cards" aria-label={t("composer.files")}>
      {files.map((file) => (
        <li key={file.id} class="card">
          {file.preview ? <img src={file.preview} alt="" width="24" height="24" /> : <Icon name="file" />}
          <span class="card-name">{file.name}</span>
          <span class="meta">{bytes(file.size)}</span>
          <button
            type="button"
            class="icon-button small"
            aria-label={t("act.remove", { name: file.name })}
            onClick={() => onRemove(file)}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}
