import type { ConfigProviderProps } from 'antd';
import * as en from 'antd/es/locale/en_US.js';
import * as zh from 'antd/es/locale/zh_CN.js';
import type { Language } from './language.ts';

type AntLocale = NonNullable<ConfigProviderProps['locale']>;

/** Node's rules type these modules as CommonJS, the bundler takes them as they are (ES modules): unwrap what is there. */
function localeOf(module: unknown): AntLocale {
  return (module as { default: AntLocale }).default;
}

/** Ant Design's own words (dates, tables, empty boxes) in our languages. */
export const antLocale: Record<Language, AntLocale> = { en: localeOf(en), 'zh-CN': localeOf(zh) };
