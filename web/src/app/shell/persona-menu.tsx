import { LogoutOutlined } from '@ant-design/icons';
import { Dropdown } from 'antd';
import { useTranslation } from 'react-i18next';
import { useLocalText } from '../../i18n/language.ts';
import { Monogram } from '../../ui/monogram.tsx';
import { usePerson, useSession } from '../session.tsx';
import styles from './shell.module.css';

/** Who is signed in, and the way out. */
export function PersonaMenu() {
  const { t } = useTranslation();
  const local = useLocalText();
  const person = usePerson();
  const { signOut } = useSession();
  return (
    <Dropdown
      trigger={['click']}
      placement="topLeft"
      menu={{
        items: [{ key: 'out', icon: <LogoutOutlined aria-hidden />, label: t('signOut') }],
        onClick: () => void signOut(),
      }}
    >
      <button type="button" className={styles.persona}>
        <Monogram name={local(person.name)} />
        <span className={styles.personaWords}>
          <span className={styles.personaName}>{local(person.name)}</span>
          <span className={styles.personaTitle}>{local(person.title)}</span>
        </span>
      </button>
    </Dropdown>
  );
}
