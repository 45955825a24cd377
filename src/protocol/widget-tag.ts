/** The one line that puts the widget on a page. */

export interface WidgetTag {
  /** The server's, as the page's visitors reach it. */
  readonly origin: string;
  readonly invite: string;
  readonly title?: string | undefined;
}

export function widgetTag({ origin, invite, title }: WidgetTag): string {
  const named = title === undefined || title === "" ? "" : ` data-title="${escaped(title)}"`;
  return `<script src="${escaped(origin)}/widget.js" data-invite="${escaped(invite)}"${named} async></script>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
