/** Where people write from: each channel with its state, and the people who were let in. */
import { useEffect } from "preact/hooks";
import { ChannelRow } from "../components/channel-row.tsx";
import { ConfirmButton } from "../components/confirm-button.tsx";
import { useFormats, usePanel, useT } from "../components/context.ts";
import { Failure } from "../components/failure.tsx";
import { Late } from "../components/late.tsx";
import { ReachHead } from "../components/reach-head.tsx";
import { exactText } from "../components/tool-words.ts";
import type { ShownPeer } from "../state/channels.ts";
import { hashOf } from "../state/router.ts";

export function ChannelsPage() {
  const t = useT();
  const { channels, access } = usePanel();
  const phase = channels.phase.value;
  const list = channels.list.value;
  const peers = channels.peers.value;
  const waiting = access.pairings.value.filter(({ kind }) => kind === "peer").length;
  useEffect(() => void channels.load(), [channels]);
  return (
    <>
      <ReachHead page="channels" />
      <div class="settings entries">
        {waiting > 0 && (
          <a class="line warn" href={hashOf({ page: "devices" })}>
            <span class="dot waiting" />
            {t("channels.waiting", { count: waiting })}
          </a>
        )}
        {phase.kind === "loading" && !list && <Late>{t("channels.loading")}</Late>}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => channels.load()} />}
        {list?.length === 0 && <p class="aside">{t("channels.none")}</p>}
        {list && list.length > 0 && (
          <section>
            {list.map((channel) => (
              <ChannelRow key={channel.interface} channel={channel} />
            ))}
          </section>
        )}
        {peers && (
          <section>
            <h2>{t("channels.peers")}</h2>
            {peers.length === 0 && <p class="aside">{t("channels.no_peers")}</p>}
            {peers.map((peer) => (
              <PeerRow key={`${peer.interface} ${peer.peer}`} peer={peer} />
            ))}
          </section>
        )}
      </div>
    </>
  );
}

function PeerRow({ peer }: { peer: ShownPeer }) {
  const t = useT();
  const panel = usePanel();
  const { time } = useFormats();
  const name = exactText(peer.name ?? peer.peer);
  return (
    <section class="setting" data-peer={peer.peer}>
      <p>
        {name}{" "}
        <span class="meta">
          {peer.interface} {exactText(peer.peer)} ·{" "}
          {t("approvals.since", { who: peer.approved_by, time: time(peer.created_at) })}
        </span>
      </p>
      <ConfirmButton
        title={t("channels.remove_title", { name })}
        text={t("channels.remove_text")}
        label={t("channels.remove")}
        act={() => panel.channels.remove(peer)}
      />
    </section>
  );
}
