/** Whether a TURN server stands in the way that ICE has chosen, on either side. Firefox marks the pair, the others name it in the transport. */
export function throughRelay(report: RTCStatsReport): boolean {
  const entries = [...(report as unknown as ReadonlyMap<string, Readonly<Record<string, unknown>>>).values()];
  const chosen = entries.find(({ type }) => type === 'transport')?.['selectedCandidatePairId'];
  const pair = entries.find(
    ({ type, id, selected }) => type === 'candidate-pair' && (id === chosen || selected === true),
  );
  if (!pair) return false;
  const ends = [pair['localCandidateId'], pair['remoteCandidateId']];
  return entries.some(({ id, candidateType }) => candidateType === 'relay' && ends.includes(id));
}
