import type { SampleRate } from './encoder.ts';
import { SideFrames } from './side-frames.ts';
import { type Measured, PacketMeter, silence } from './side-meter.ts';
import { SideMix } from './side-mix.ts';
import { lengthOf, type PlacedLeg, planSide, type Side, sideOf } from './side-plan.ts';
import { slotsFor, WebmWriter } from './webm.ts';

export interface AudioInput {
  readonly path: string;
  readonly legs: readonly PlacedLeg[];
  /** UTC ms of offset 0. */
  readonly startMs: number;
  readonly signal: AbortSignal;
  /** How long a child process may take over audio of so many ms, ms. */
  readonly patience: (audioMs: number) => number;
}

export interface MadeAudio {
  /** Length at 48 kHz. */
  readonly ticks: number;
  /** What was decoded and encoded anew, Hz; null when every packet went in as it came. */
  readonly encodedAtHz: SampleRate | null;
  readonly left: Measured;
  readonly right: Measured;
  /** Legs whose packets are in the file as they came. */
  readonly copied: ReadonlySet<PlacedLeg>;
}

const sides: readonly Side[] = ['left', 'right'];
/** Slots written at a time when there is no encoder that sets the pace. */
const slotsAtATime = 500;

/**
 * Makes the recording's file, company left and customer right, and measures it. Packets of Opus legs go in as they
 * came; all else is encoded once. Errors: WorkerError `seal.encoder`, `seal.decoder`; the disk's own.
 */
export async function makeAudio(input: AudioInput): Promise<MadeAudio> {
  const { startMs, signal } = input;
  const plans = sides.map((side) =>
    planSide(
      input.legs.filter(({ leg }) => sideOf(leg.role) === side),
      startMs,
    ),
  );
  const ticks = lengthOf(plans, startMs);
  const deadlineMs = input.patience(ticks / 48);
  const opened: { close(): unknown }[] = [];
  const keep = <T extends { close(): unknown }>(one: T): T => {
    opened.unshift(one);
    return one;
  };
  try {
    const file = keep(await WebmWriter.create(input.path, ticks));
    const frames = plans.map(({ copied }) => keep(new SideFrames(copied, slotsFor(ticks))));
    const meters = plans.map(({ copied }) =>
      copied.length > 0 ? keep(new PacketMeter(ticks, { signal, deadlineMs })) : undefined,
    );
    const mix = plans.some(({ mixed }) => mixed.length > 0)
      ? keep(new SideMix(plans, { startMs, ticks, signal, deadlineMs }))
      : undefined;

    let slot = 0;
    for await (const batch of mix ? mix.packets() : copiesAlone(file.slots)) {
      for (const encoded of batch) {
        const left = frames[0]!.packet(slot, true, encoded[0]);
        const right = frames[1]!.packet(slot, false, encoded[1]);
        file.add(Buffer.concat([left, right]));
        meters[0]?.add(frames[0]!.packet(slot, false, encoded[0]));
        meters[1]?.add(right);
        slot += 1;
      }
      await Promise.all([file.flush(), ...meters.map((meter) => meter?.flush())]);
    }
    await file.finish();
    const measured = await Promise.all(meters.map((meter) => meter?.finish()));
    const [left, right] = sides.map((_, side) => measured[side] ?? mix?.measured(side) ?? silence(ticks));
    const copied = new Set(plans.flatMap((plan) => plan.copied.map(({ placed }) => placed)));
    return { ticks, encodedAtHz: mix?.rate ?? null, left: left!, right: right!, copied };
  } finally {
    for (const one of opened) await one.close();
  }
}

/** As {@link SideMix.packets}, for a recording in which nothing is mixed. */
function* copiesAlone(slots: number): Generator<(Buffer | undefined)[][]> {
  for (let slot = 0; slot < slots; slot += slotsAtATime) {
    yield Array.from({ length: Math.min(slotsAtATime, slots - slot) }, () => []);
  }
}
