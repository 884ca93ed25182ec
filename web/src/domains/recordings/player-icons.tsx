/** An arrow around the figure 5, as players have it: back, and mirrored for forward. */
function Around({ mirrored }: { mirrored: boolean }) {
  return (
    <svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" aria-hidden="true">
      <g
        strokeWidth="1.8"
        strokeLinecap="round"
        strokeLinejoin="round"
        transform={mirrored ? 'matrix(-1 0 0 1 24 0)' : undefined}
      >
        <path d="M5.2 8.5A8 8 0 1 1 4 13" />
        <path d="M4.4 4v5h5" />
      </g>
      <text
        x="12"
        y="16.4"
        textAnchor="middle"
        fontSize="9.5"
        fontWeight="600"
        fill="currentColor"
        stroke="none"
      >
        5
      </text>
    </svg>
  );
}

export function BackIcon() {
  return <Around mirrored={false} />;
}

export function ForwardIcon() {
  return <Around mirrored />;
}
