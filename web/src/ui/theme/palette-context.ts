import { createContext, useContext } from 'react';
import { lightPalette, type Palette } from './palette.ts';

export const PaletteContext = createContext<Palette>(lightPalette);

/** The colours in force here, for what CSS cannot reach (canvas). Everything else uses the `--cl-*` properties. */
export function usePalette(): Palette {
  return useContext(PaletteContext);
}
