import { DownOutlined } from '@ant-design/icons';
import { theme as antTheme, ConfigProvider, type ThemeConfig } from 'antd';
import { type CSSProperties, type ReactNode, useLayoutEffect, useMemo } from 'react';
import { antLocale } from '../../i18n/ant-locale.ts';
import { useLanguage } from '../../i18n/language.ts';
import { useMediaQuery } from '../use-media-query.ts';
import { darkPalette, lightPalette, type Palette, paletteVariables, roomPalette } from './palette.ts';
import { PaletteContext } from './palette-context.ts';
import './global.css';

const chineseFonts = '"PingFang SC", "Noto Sans SC", "Noto Sans CJK SC", "Microsoft YaHei"';
const latinFonts = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans"';

function antThemeOf(palette: Palette, dark: boolean, chinese: boolean, still: boolean): ThemeConfig {
  return {
    algorithm: dark ? antTheme.darkAlgorithm : antTheme.defaultAlgorithm,
    token: {
      colorPrimary: palette.primary,
      colorInfo: palette.primary,
      colorLink: palette.primaryText,
      colorSuccess: palette.good,
      colorWarning: palette.behind,
      // Red on dark has to be light to be read; what stands on it is dark then.
      colorError: dark ? palette.liveText : palette.live,
      // The algorithm's lighter hover takes white text below 4.5:1.
      ...(dark && { colorPrimaryHover: palette.primary }),
      colorBgLayout: palette.canvas,
      colorBgContainer: palette.surface,
      colorBgElevated: palette.raised,
      colorBorderSecondary: palette.border,
      colorText: palette.text,
      colorTextSecondary: palette.muted,
      colorTextDescription: palette.muted,
      colorTextTertiary: palette.muted,
      colorTextPlaceholder: palette.muted,
      borderRadius: 8,
      controlHeight: 36,
      fontSize: 14,
      fontSizeLG: 16,
      fontSizeHeading1: 28,
      fontSizeHeading2: 20,
      fontSizeHeading3: 16,
      lineHeight: 1.6,
      fontFamily: chinese
        ? `${chineseFonts}, ${latinFonts}, sans-serif`
        : `${latinFonts}, ${chineseFonts}, sans-serif`,
      motion: !still,
    },
    ...(dark && { components: { Button: { dangerColor: palette.canvas } } }),
  };
}

/** Left alone, the arrow is read aloud as “down” in every language. */
const quietSelect = { suffixIcon: <DownOutlined aria-hidden /> };

/** The theme of the whole app: light or dark by the system's preference, fonts by language. */
export function AppTheme({ children }: { children: ReactNode }) {
  const dark = useMediaQuery('(prefers-color-scheme: dark)');
  const still = useMediaQuery('(prefers-reduced-motion: reduce)');
  const language = useLanguage();
  const palette = dark ? darkPalette : lightPalette;
  const theme = useMemo(
    () => antThemeOf(palette, dark, language === 'zh-CN', still),
    [palette, dark, language, still],
  );
  useLayoutEffect(() => {
    const root = document.documentElement;
    root.dataset.theme = dark ? 'dark' : 'light';
    for (const [name, value] of Object.entries(paletteVariables(palette)))
      root.style.setProperty(name, value);
    root.style.setProperty('--cl-font', theme.token?.fontFamily ?? 'sans-serif');
  }, [dark, palette, theme]);
  return (
    <PaletteContext value={palette}>
      <ConfigProvider
        theme={theme}
        locale={antLocale[language]}
        button={{ autoInsertSpace: false }}
        select={quietSelect}
      >
        {children}
      </ConfigProvider>
    </PaletteContext>
  );
}

/** Wraps the live room: its own dark palette, whatever the rest of the app looks like. */
export function RoomTheme({ children, className }: { children: ReactNode; className?: string }) {
  const still = useMediaQuery('(prefers-reduced-motion: reduce)');
  const language = useLanguage();
  const theme = useMemo(() => antThemeOf(roomPalette, true, language === 'zh-CN', still), [language, still]);
  const style = useMemo(
    () =>
      ({
        ...paletteVariables(roomPalette),
        colorScheme: 'dark',
        background: 'var(--cl-canvas)',
        color: 'var(--cl-text)',
      }) as CSSProperties,
    [],
  );
  return (
    <PaletteContext value={roomPalette}>
      <ConfigProvider theme={theme} button={{ autoInsertSpace: false }}>
        <div style={style} className={className}>
          {children}
        </div>
      </ConfigProvider>
    </PaletteContext>
  );
}
