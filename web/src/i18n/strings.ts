/**
 * The shape a catalogue must have to stand beside the English one: the same keys. Chinese has one plural form,
 * so `*_one` keys (Intl.PluralRules) exist in English only.
 */
export type SameKeys<T> = {
  readonly [K in keyof T as K extends `${string}_one` ? never : K]: T[K] extends string
    ? string
    : SameKeys<T[K]>;
};
