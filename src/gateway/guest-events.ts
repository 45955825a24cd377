/** Events as guests get them: how an answer came about is the owner's, and of a failure they get the kind. */
import { type EventData, frameOf } from "../protocol/event-frame.ts";
import { guestFailure } from "../protocol/guest-failure.ts";
import type { Published } from "../sdk/bus.ts";

/** Undefined for what is not theirs to see. */
export function asGuestsSee(published: Published): Published | undefined {
  const { event } = published;
  switch (event.topic) {
    case "stream.agent_trace": {
      const { kind, detail } = event.data as EventData<typeof event.topic>;
      // Messages were taken up, the run goes on, the model ended early: without these the conversation is not understood.
      const isTheirs = kind === "steer" || kind === "resume" || (kind === "limit" && detail.finish !== undefined);
      return isTheirs ? published : undefined;
    }
    case "agent.error":
    case "generation.failed": {
      const data = event.data as EventData<typeof event.topic>;
      const seen = { ...event, data: { ...data, error: guestFailure(data.error) } };
      return { ...published, event: seen, frame: frameOf(seen) };
    }
    default:
      return published;
  }
}
