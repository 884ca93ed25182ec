import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { identityEndpoints, type Person, type Role } from '#contract/identity.ts';
import { asApiError } from '../../app/api-error.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useSession } from '../../app/session.tsx';
import { Brand } from '../../app/shell/brand.tsx';
import { LanguageSwitch } from '../../app/shell/language-switch.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { Monogram } from '../../ui/monogram.tsx';
import { usePageTitle } from '../../ui/page.tsx';
import { EmptyState, ErrorNote, ErrorState, LoadingRows } from '../../ui/states.tsx';
import styles from './sign-in-page.module.css';

/** Who listens comes first: that is who the product is for. */
const roleOrder: readonly Role[] = ['listener', 'owner', 'host', 'cx', 'agent', 'admin'];

export function SignInPage() {
  const { t } = useTranslation('identity');
  usePageTitle(t('title'));
  return (
    <div className={styles.page}>
      <header className={styles.top}>
        <Brand />
        <LanguageSwitch />
      </header>
      <main className={styles.main}>
        <div className={styles.words}>
          <h1 className={styles.headline}>{t('headline')}</h1>
          <p className={styles.pitch}>{t('pitch')}</p>
          <TwoVoices />
        </div>
        <Personas />
      </main>
    </div>
  );
}

function Personas() {
  const { t } = useTranslation('identity');
  const { session, signIn } = useSession();
  const demo = session?.authMode === 'demo';
  const personas = useApiQuery(identityEndpoints.personas, {}, { enabled: demo });
  const [chosen, setChosen] = useState<string | null>(null);
  const [failure, setFailure] = useState<unknown>(null);

  const enter = async (person: Person) => {
    setChosen(person.id);
    setFailure(null);
    try {
      await signIn(person.id);
    } catch (error) {
      setFailure(asApiError(error));
      setChosen(null);
    }
  };

  if (!demo) return <EmptyState title={t('noDemo.title')}>{t('noDemo.body')}</EmptyState>;
  if (personas.error) return <ErrorState error={personas.error} onRetry={() => void personas.refetch()} />;
  if (!personas.data) return <LoadingRows rows={5} height={72} />;
  if (personas.data.personas.length === 0) {
    return <EmptyState title={t('empty.title')}>{t('empty.body')}</EmptyState>;
  }
  const groups = roleOrder
    .map((role) => ({ role, people: personas.data.personas.filter((person) => person.role === role) }))
    .filter(({ people }) => people.length > 0);
  return (
    <section className={styles.personas} aria-labelledby="who-are-you">
      <div>
        <h2 id="who-are-you">{t('whoAreYou')}</h2>
        <p className={styles.note}>{t('demoNote')}</p>
      </div>
      {failure !== null && <ErrorNote error={failure} onClose={() => setFailure(null)} />}
      <div className={styles.groups}>
        {groups.map(({ role, people }) => (
          <PersonaGroup
            key={role}
            role={role}
            people={people}
            chosen={chosen}
            onChoose={(one) => void enter(one)}
          />
        ))}
      </div>
    </section>
  );
}

function PersonaGroup({
  role,
  people,
  chosen,
  onChoose,
}: {
  role: Role;
  people: readonly Person[];
  chosen: string | null;
  onChoose: (person: Person) => void;
}) {
  const { t } = useTranslation('identity');
  const app = useTranslation('app');
  const local = useLocalText();
  return (
    <div className={people.length > 1 ? styles.wideGroup : styles.group}>
      <h3 className={styles.role}>
        {app.t(`role.${role}`)} <span className={styles.does}>{t(`group.${role}`)}</span>
      </h3>
      <ul className={styles.cards}>
        {people.map((person) => (
          <li key={person.id}>
            <Button
              className={styles.card ?? ''}
              block
              loading={chosen === person.id}
              disabled={chosen !== null && chosen !== person.id}
              data-persona={person.id}
              onClick={() => onChoose(person)}
            >
              <Monogram name={local(person.name)} size={40} />
              <span className={styles.who}>
                <span className={styles.name}>{local(person.name)}</span>
                <span className={styles.title}>{local(person.title)}</span>
              </span>
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Two voices facing each other: what the product is about, without a word. */
function TwoVoices() {
  const bars = Array.from({ length: 48 }, (_, index) => index);
  // Two people taking turns: whoever speaks is loud, the other nearly silent.
  const level = (index: number, voice: 0 | 1) => {
    const turn = Math.sin(index / 3.1) + 0.4 * Math.sin(index / 1.3);
    const speaking = voice === 0 ? turn > 0 : turn <= 0;
    return speaking ? 6 + 26 * Math.abs(Math.sin(index * 1.7) * Math.cos(index * 0.6)) : 2;
  };
  return (
    <svg className={styles.voices} viewBox="0 0 384 80" aria-hidden="true">
      {bars.map((index) => (
        <g key={index}>
          <rect
            x={index * 8 + 1}
            y={38 - level(index, 0)}
            width="4"
            height={level(index, 0)}
            rx="2"
            fill="var(--cl-agent)"
          />
          <rect
            x={index * 8 + 1}
            y="42"
            width="4"
            height={level(index, 1)}
            rx="2"
            fill="var(--cl-customer)"
          />
        </g>
      ))}
    </svg>
  );
}
