/** An arrow around a number of seconds, as players have it: back, or mirrored for forward. */
export function SkipIcon({ seconds, forward = false }: { seconds: number; forward?: boolean }) {
  return (
    <svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" aria-hidden="true">
      <g
        strokeWidth="1.7"
        strokeLinecap="round"
        strokeLinejoin="round"
        transform={forward ? 'matrix(-1 0 0 1 24 0)' : undefined}
      >
        <path d="M4.6 8.6A8.6 8.6 0 1 1 3.4 13" />
        <path d="M3.8 3.8v5h5" />
      </g>
      <text
        x="12"
        y="16.1"
        textAnchor="middle"
        fontSize="8.6"
        fontWeight="600"
        fill="currentColor"
        stroke="none"
      >
        {seconds}
      </text>
    </svg>
  );
}
