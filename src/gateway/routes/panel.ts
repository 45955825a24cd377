/** The panel's page. It shows nothing of anybody: what it shows comes over the socket, after a login. */
import { defineRoute } from "../../sdk/route.ts";
import { type PanelNeeds, panelAnswer } from "../panel-answer.ts";

export const panelRoute = defineRoute<PanelNeeds>({
  auth: "public",
  handle: (needs, { request }) => panelAnswer(needs, request),
});
