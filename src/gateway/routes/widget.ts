/** The widget's script. It is for pages of others, so any page may load it; it is the same for everybody. */
import { defineRoute } from "../../sdk/route.ts";
import { fileAnswer, type ServedFile } from "../panel-answer.ts";

/** How long a browser does not ask whether there is a newer one. */
const KEPT_S = 600;

export interface WidgetNeeds {
  readonly widget: () => Promise<ServedFile>;
}

export const widgetRoute = defineRoute<WidgetNeeds>({
  auth: "public",
  async handle({ widget }, { request }) {
    const answer = fileAnswer(await widget(), request, `public, max-age=${KEPT_S}`);
    answer.headers.set("cross-origin-resource-policy", "cross-origin");
    // For `integrity`, which a page can use only where it may read the file.
    answer.headers.set("access-control-allow-origin", "*");
    return answer;
  },
});
