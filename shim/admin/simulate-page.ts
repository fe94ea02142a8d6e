import type { GroupResult } from '../../proto/gen/tailway/endpoints/v1/endpoints_pb.ts';
import { type HttpAnswer, json, text } from '../probes/http-endpoints.ts';
import { simulate } from './simulation.ts';

/** Answers `/simulate?down=HOST&down=DEVICE&group=NAME` from what was computed last. */
export function createSimulatePage(groups: () => Iterable<GroupResult>): (query: URLSearchParams) => HttpAnswer {
  return (query) => {
    const group = query.get('group');
    const answer = simulate(groups(), { down: query.getAll('down'), ...(group === null ? {} : { group }) });
    return answer.ok ? json(answer.simulation) : text(400, answer.detail);
  };
}
