/** Scripts, styles and pictures of the panel and the login page. */
import { defineRoute } from "../../sdk/route.ts";
import { type PanelNeeds, panelAnswer } from "../panel-answer.ts";

export const panelFileRoute = defineRoute<PanelNeeds>({
  auth: "public",
  handle: (needs, { request }) => panelAnswer(needs, request),
});
