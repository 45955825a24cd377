/** What models took, row by row, with the whole at the end. */
import { hashOf } from "../state/router.ts";
import { cachedShare, type Group, type Sums, type UsageRow } from "../state/spending.ts";
import { useFormats, usePanel, useT } from "./context.ts";
import { titleOf } from "./session-words.ts";

export interface UsageTableProps {
  readonly group: Group;
  readonly rows: readonly UsageRow[];
  readonly total: Sums;
}

export function UsageTable({ group, rows, total }: UsageTableProps) {
  const t = useT();
  const name = t(`usage.by_${group}`);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="table-scroll" tabIndex={0} aria-label={name}>
      <table class="sums">
        <thead>
          <tr>
            <th scope="col">{name}</th>
            <th scope="col">{t("usage.replies")}</th>
            <th scope="col">{t("usage.in")}</th>
            <th scope="col">{t("usage.out")}</th>
            <th scope="col">{t("usage.cached")}</th>
            <th scope="col">{t("usage.time")}</th>
            <th scope="col">{t("usage.cost")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <th scope="row">
                <Name group={group} name={row.key} />
              </th>
              <Cells sums={row} />
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{t("usage.total")}</th>
            <Cells sums={total} />
          </tr>
        </tfoot>
      </table>
    </section>
  );
}

function Name({ group, name }: { group: Group; name: string | null }) {
  const t = useT();
  const { sessions } = usePanel();
  if (name === null) return <span class="aside">{t("usage.without")}</span>;
  if (group !== "session") return <>{name}</>;
  const session = sessions.rows.value.find(({ session_key }) => session_key === name);
  return <a href={hashOf({ page: "session", key: name })}>{session ? titleOf(session, t) : name}</a>;
}

function Cells({ sums }: { sums: Sums }) {
  const { number, money, duration } = useFormats();
  const { replies, input, output, cache_read, cache_write, cost_usd, ms } = sums;
  const share = cachedShare(sums);
  return (
    <>
      <td>{number(replies)}</td>
      <td>{number(input + cache_read + cache_write)}</td>
      <td>{number(output)}</td>
      <td>{share === undefined ? "" : `${Math.round(share * 100)} %`}</td>
      <td>{replies === 0 ? "" : duration(ms / replies)}</td>
      <td>{cost_usd === null ? "" : money(cost_usd)}</td>
    </>
  );
}
