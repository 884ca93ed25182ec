import { GlobalOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import i18next from 'i18next';
import { switchLanguage } from '../../i18n/i18n.ts';
import { type Language, useLanguage } from '../../i18n/language.ts';

/** Offers the other language, in that language's own words: who needs it can read it. */
export function LanguageSwitch({ block = false }: { block?: boolean }) {
  const language = useLanguage();
  const other: Language = language === 'en' ? 'zh-CN' : 'en';
  return (
    <Button
      type="text"
      block={block}
      icon={<GlobalOutlined />}
      lang={other}
      aria-label={i18next.t('switchLanguage', { lng: other })}
      onClick={() => void switchLanguage(other)}
    >
      {i18next.t(`languageName.${other}`, { lng: other })}
    </Button>
  );
}
