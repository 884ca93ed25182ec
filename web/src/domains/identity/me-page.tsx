import { LogoutOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { usePerson, useSession } from '../../app/session.tsx';
import { LanguageSwitch } from '../../app/shell/language-switch.tsx';
import { NavigationLink, useDestinations } from '../../app/shell/navigation.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { Monogram } from '../../ui/monogram.tsx';
import { Page } from '../../ui/page.tsx';
import styles from './me-page.module.css';

/** On a phone: who is signed in, the places that have no tab, language and the way out. */
export function MePage() {
  const { t } = useTranslation();
  const local = useLocalText();
  const person = usePerson();
  const { signOut } = useSession();
  const others = useDestinations().slice(3);
  return (
    <Page title={t('nav.me')} hideTitle>
      <div className={styles.who}>
        <Monogram name={local(person.name)} size={56} />
        <div>
          <h2>{local(person.name)}</h2>
          <p className={styles.title}>
            {local(person.title)} · {t(`role.${person.role}`)}
          </p>
        </div>
      </div>
      {others.length > 0 && (
        <ul className={styles.places}>
          {others.map((destination) => (
            <li key={destination.to}>
              <NavigationLink {...destination} />
            </li>
          ))}
        </ul>
      )}
      <div className={styles.actions}>
        <LanguageSwitch />
        <Button icon={<LogoutOutlined aria-hidden />} onClick={() => void signOut()}>
          {t('signOut')}
        </Button>
      </div>
    </Page>
  );
}
