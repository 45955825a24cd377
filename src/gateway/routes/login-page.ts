/** The page that asks for the owner's token; a form that also works without its script. */
import { defineRoute } from "../../sdk/route.ts";
import { type PanelNeeds, panelAnswer } from "../panel-answer.ts";

export const loginPageRoute = defineRoute<PanelNeeds>({
  auth: "public",
  handle: (needs, { request }) => panelAnswer(needs, request),
});
