import type { Coverage } from './coverage.ts';
import type { Life } from './life.ts';
import type { Wire, WireEnd } from './wire.ts';

/** Counts in what situation a link is cut. */
export function countCut(wire: Wire, mid: boolean, coverage: Coverage): void {
  coverage.count(stepOf(wire));
  if (mid) coverage.count('cut in mid flush');
  for (const end of wire.ends) {
    const life = wire.lives[end.side];
    if (life?.end !== end || life.over) continue;
    if (life.session.up) countTraffic(life, end, coverage);
    if (life.session.leaving) coverage.count('cut while a goodbye was on its way');
  }
}

/** How far the two had come with their greeting: each end by what it heard. */
function stepOf(wire: Wire): Parameters<Coverage['count']>[0] {
  const [one, other] = wire.ends;
  const ups = wire.ends.filter((end) => wire.lives[end.side]?.session.up === true).length;
  if (ups === 2) return 'cut when both were up';
  if (ups === 1) return 'cut when one end was up';
  if (!one.opened && !other.opened) return 'cut before both ends had opened';
  if (!one.opened || !other.opened) return 'cut with one end open';
  const heard = Math.max(...wire.ends.map((end) => Number(end.heard[0] > 0) + Number(end.heard[1] > 0)));
  if (heard === 0) return 'cut before a hello arrived';
  return heard === 1 ? 'cut when one lane had its hello' : 'cut between hello and welcome';
}

function countTraffic(life: Life, end: WireEnd, coverage: Coverage): void {
  const { ledger, peer } = life;
  let halfWay = 0;
  let refusing = false;
  let cancelling = false;
  for (const sent of ledger.open) {
    if (sent.halfWay) halfWay++;
    refusing ||= sent.refused !== undefined && sent.outgoing?.state === 'sent';
    cancelling ||= sent.cancelled?.heard === life.heard;
  }
  const unheard = end.lanes.some((lane) => lane.packets > lane.arrived);
  if (halfWay > 0 && unheard) coverage.count('cut in mid fragment');
  if (halfWay > 1) coverage.count('cut while two or more messages reassembled');
  if (refusing) coverage.count('cut while a refusal was on its way');
  if (cancelling) coverage.count('cut while a cancel was on its way');
  if (!ledger.blocked) return;
  coverage.count('cut with credit exhausted');
  if (peer?.waiting === true) coverage.count('cut with the mailbox full and a want');
}
