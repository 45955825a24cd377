/** The last door before the page: whatever the Markdown gave, only these elements and attributes get in. */
import createDOMPurify from "dompurify";

const ALLOWED_TAGS = [
  ..."p br strong em del s b i u ins mark small sub sup kbd code pre blockquote ul ol li hr a div span input".split(
    " ",
  ),
  ..."h1 h2 h3 h4 h5 h6 table thead tbody tr th td".split(" "),
];
const ALLOWED_ATTR = ["href", "rel", "target", "align", "start", "class", "type", "checked", "disabled"];

export type Sanitize = (html: string) => DocumentFragment;

export function createSanitizer(window: Window & typeof globalThis): Sanitize {
  const purify = createDOMPurify(window);
  purify.addHook("afterSanitizeAttributes", (node) => {
    if (node.tagName === "A") {
      node.setAttribute("rel", "noopener noreferrer");
      node.setAttribute("target", "_blank");
    }
    // The only form control is the box of a task list, which nobody operates.
    if (node.tagName === "INPUT") {
      node.setAttribute("type", "checkbox");
      node.setAttribute("disabled", "");
    }
    const names = (node.getAttribute("class") ?? "")
      .split(" ")
      .filter((name) => /^(?:language|hljs)-[\w+#.-]+$|^hljs-\w+_?$/.test(name));
    if (names.length > 0) node.setAttribute("class", names.join(" "));
    else node.removeAttribute("class");
  });
  return (html) =>
    purify.sanitize(html, {
      ALLOWED_TAGS,
      ALLOWED_ATTR,
      ALLOW_DATA_ATTR: false,
      ALLOW_ARIA_ATTR: false,
      ALLOWED_URI_REGEXP: /^(?:https?:\/\/|mailto:)/i,
      // Their values are words, not addresses.
      ADD_URI_SAFE_ATTR: ["align", "rel", "target", "start", "type", "checked", "disabled"],
      RETURN_DOM_FRAGMENT: true,
    });
}
