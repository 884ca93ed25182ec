import { findBeeps, spoolBeepingCall, tenMinutesOfBeeps } from '#support/beeping-call.ts';
import { callStartMs } from '#support/call-on-disk.ts';
import { decodeStereo } from '#support/decoded-audio.ts';
import { type Figure, rounded } from './figures.ts';

/**
 * Ten minutes of timed beeps with 5 % loss, bursts of reordering, a hold, a change of codec and clocks that drift: how
 * far from its place in the file the worst beep begins or ends.
 */
export async function measureBeeps(): Promise<Figure[]> {
  const { call, beeps, sent, arrived } = await spoolBeepingCall(tenMinutesOfBeeps, 0.05);
  try {
    const { startedAt } = await call.seal();
    const audio = await decodeStereo(call.audioPath, 16_000, 'libopus');
    const found = findBeeps(audio, beeps, startedAt - callStartMs);
    const missing = found.filter(({ begins }) => begins === undefined).length;
    const codecs = [...new Set(beeps.map(({ codec }) => codec))];
    return codecs.map((codec) => {
      const off = found
        .filter(({ beep, begins }) => beep.codec === codec && begins !== undefined)
        .flatMap(({ begins, ends }) => [Math.abs(begins!), Math.abs(ends!)]);
      return {
        name: `timed beeps over ten bad minutes, ${codec}: the worst one is off by`,
        value: rounded(Math.max(...off)),
        unit: 'ms',
        beside: `target 20 ms; ${off.length / 2} beeps, ${missing} missing; ${arrived} of ${sent} packets arrived`,
        met: Math.max(...off) <= 20 && missing === 0,
      };
    });
  } finally {
    await call.remove();
  }
}
