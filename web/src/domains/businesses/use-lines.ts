import { useMemo } from 'react';
import { businessesEndpoints, type Line, type Scenario } from '#contract/businesses.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useLocalText } from '../../i18n/language.ts';

export interface LineNames {
  readonly lines: readonly Line[];
  readonly scenarios: readonly Scenario[];
  readonly loading: boolean;
  /** The line's name in the language in force; empty while it is not known. */
  lineName(lineId: string): string;
  scenarioName(scenarioId: string | undefined): string;
}

/** The lines in the person's scope and the scenarios that calls are filed under. They hardly ever change. */
export function useLines(): LineNames {
  const local = useLocalText();
  const { data, isPending } = useApiQuery(businessesEndpoints.lines, {}, { staleTimeMs: 10 * 60_000 });
  const byId = useMemo(
    () => ({
      lines: new Map(data?.lines.map((line) => [line.id, line.name])),
      scenarios: new Map(data?.scenarios.map((scenario) => [scenario.id, scenario.name])),
    }),
    [data],
  );
  return {
    lines: data?.lines ?? [],
    scenarios: data?.scenarios ?? [],
    loading: isPending,
    lineName: (lineId) => {
      const name = byId.lines.get(lineId);
      return name ? local(name) : '';
    },
    scenarioName: (scenarioId) => {
      const name = scenarioId === undefined ? undefined : byId.scenarios.get(scenarioId);
      return name ? local(name) : '';
    },
  };
}
