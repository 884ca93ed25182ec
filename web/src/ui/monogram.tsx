import styles from './monogram.module.css';

/** A person's sign: initials, or in Chinese the given name's last two characters. Decorative; the name stands beside it. */
export function Monogram({ name, size = 32 }: { name: string; size?: number }) {
  return (
    <span
      className={styles.monogram}
      style={{ width: size, height: size, fontSize: Math.round(size * 0.4) }}
      aria-hidden
    >
      {initials(name)}
    </span>
  );
}

export function initials(name: string): string {
  const trimmed = name.trim();
  if (/\p{Script=Han}/u.test(trimmed)) return [...trimmed].slice(-2).join('');
  const words = trimmed.split(/\s+/);
  const first = words[0]?.[0] ?? '';
  const last = words.length > 1 ? (words.at(-1)?.[0] ?? '') : '';
  return (first + last).toUpperCase();
}
