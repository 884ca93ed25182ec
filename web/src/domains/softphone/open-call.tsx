import { PhoneOutlined } from '@ant-design/icons';
import { Button, Select } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Call } from '#contract/calls.ts';
import { softphoneEndpoints } from '#contract/softphone.ts';
import { useApiCommand } from '../../app/queries.ts';
import { useLocalText } from '../../i18n/language.ts';
import { EmptyState, ErrorNote, LoadingRows } from '../../ui/states.tsx';
import { useLines } from '../businesses/use-lines.ts';
import styles from './softphone.module.css';

export interface OpenedCall {
  readonly call: Call;
  /** The customer's whole address. */
  readonly link: string;
}

/** Line and scenario, and one button that opens the call and takes the microphone. */
export function OpenCall({ onOpened }: { onOpened: (opened: OpenedCall) => void }) {
  const { t } = useTranslation('softphone');
  const local = useLocalText();
  const { lines, scenarios, loading } = useLines();
  const open = useApiCommand(softphoneEndpoints.open, { refresh: [softphoneEndpoints.mine] });
  const [chosenLine, setLine] = useState<string | null>(null);
  const [scenarioId, setScenario] = useState<string | null>(null);
  const lineField = useId();
  const scenarioField = useId();
  const lineId = chosenLine ?? lines[0]?.id;

  if (loading) return <LoadingRows rows={1} height={240} />;
  if (lineId === undefined) return <EmptyState title={t('open.noLines')}>{t('open.noLinesBody')}</EmptyState>;
  const submit = () =>
    open.mutate(
      { body: { lineId, ...(scenarioId !== null && { scenarioId }) } },
      {
        onSuccess: ({ call, customerPath }) =>
          onOpened({ call, link: new URL(customerPath, window.location.origin).href }),
      },
    );
  return (
    <section className={styles.card} aria-labelledby={`${lineField}-heading`}>
      <div>
        <h2 id={`${lineField}-heading`}>{t('open.heading')}</h2>
        <p className={styles.muted}>{t('open.body')}</p>
      </div>
      <div className={styles.fields}>
        <div className={styles.field}>
          <label htmlFor={lineField}>{t('open.line')}</label>
          <Select
            id={lineField}
            size="large"
            value={lineId}
            onChange={setLine}
            options={lines.map((line) => ({ value: line.id, label: local(line.name) }))}
          />
        </div>
        <div className={styles.field}>
          <label htmlFor={scenarioField}>{t('open.scenario')}</label>
          <Select
            id={scenarioField}
            size="large"
            allowClear
            showSearch={{ optionFilterProp: 'label' }}
            placeholder={t('open.scenarioNone')}
            value={scenarioId}
            onChange={(value) => setScenario(value ?? null)}
            options={scenarios.map((scenario) => ({ value: scenario.id, label: local(scenario.name) }))}
          />
        </div>
        <Button
          type="primary"
          size="large"
          icon={<PhoneOutlined aria-hidden />}
          loading={open.isPending}
          onClick={submit}
          data-testid="open-call"
        >
          {t('open.submit')}
        </Button>
      </div>
      {open.error && <ErrorNote error={open.error} />}
      <p className={styles.notice}>{t('desk.notice')}</p>
    </section>
  );
}
