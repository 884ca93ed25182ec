import { Button, Select } from 'antd';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { LocalText } from '#contract/primitives.ts';
import { tagsEndpoints } from '#contract/tags.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useLocalText } from '../../i18n/language.ts';
import { useLines } from '../businesses/use-lines.ts';
import styles from './facets.module.css';
import { type FacetName, facetNames, type TimeSpanName, timeSpans } from './library-filter.ts';

/** Line and time are few and stand open; agents and scenarios are many and are found by typing. */
export function Facets({
  search,
  agents,
  onChange,
  onClear,
}: {
  search: URLSearchParams;
  agents: readonly { id: string; name: LocalText }[];
  onChange: (name: FacetName, value: string | null) => void;
  onClear: () => void;
}) {
  const { t } = useTranslation('recordings');
  const local = useLocalText();
  const { lines, scenarios } = useLines();
  const tags = useApiQuery(tagsEndpoints.choices, {}, { staleTimeMs: 10 * 60_000 });
  const spans = Object.keys(timeSpans) as TimeSpanName[];
  return (
    <div className={styles.facets}>
      {lines.length > 1 && (
        <Choices
          name="line"
          label={t('facet.line')}
          any={t('facet.anyLine')}
          options={lines.map((line) => ({ value: line.id, label: local(line.name) }))}
          value={search.get('line')}
          onChange={onChange}
        />
      )}
      <Choices
        name="time"
        label={t('facet.time')}
        any={t('facet.anyTime')}
        options={spans.map((span) => ({ value: span, label: t(`facet.${span}`) }))}
        value={search.get('time')}
        onChange={onChange}
      />
      <Finder
        name="scenario"
        label={t('facet.scenario')}
        any={t('facet.anyScenario')}
        options={scenarios.map((scenario) => ({ value: scenario.id, label: local(scenario.name) }))}
        value={search.get('scenario')}
        onChange={onChange}
      />
      <Finder
        name="tag"
        label={t('facet.tag')}
        any={t('facet.anyTag')}
        options={(tags.data?.choices ?? []).map(({ tag, name }) => ({ value: tag, label: local(name) }))}
        value={search.get('tag')}
        onChange={onChange}
      />
      <Finder
        name="agent"
        label={t('facet.agent')}
        any={t('facet.anyAgent')}
        options={agents.map((agent) => ({ value: agent.id, label: local(agent.name) }))}
        value={search.get('agent')}
        onChange={onChange}
      />
      {facetNames.some((name) => search.has(name)) && (
        <Button type="link" className={styles.clear ?? ''} onClick={onClear}>
          {t('facet.clear')}
        </Button>
      )}
    </div>
  );
}

interface FacetProps {
  name: FacetName;
  label: string;
  /** What it says when nothing is chosen. */
  any: string;
  options: readonly { value: string; label: string }[];
  value: string | null;
  onChange: (name: FacetName, value: string | null) => void;
}

function Choices({ name, label, any, options, value, onChange }: FacetProps) {
  const group = useId();
  return (
    <fieldset className={styles.choices}>
      <legend className={styles.label}>{label}</legend>
      {[{ value: '', label: any }, ...options].map((option) => (
        <label key={option.value} className={styles.choice}>
          <input
            type="radio"
            name={group}
            checked={(value ?? '') === option.value}
            onChange={() => onChange(name, option.value || null)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}

function Finder({ name, label, any, options, value, onChange }: FacetProps) {
  const id = useId();
  return (
    <div className={styles.finder}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      <Select
        id={id}
        showSearch={{ optionFilterProp: 'label' }}
        allowClear
        placeholder={any}
        value={value}
        options={[...options]}
        onChange={(chosen: string | undefined) => onChange(name, chosen ?? null)}
      />
    </div>
  );
}
