import { expect } from 'chai';
import { joined, silenceOf, syntheticVoice, voiceRate } from '#support/synthetic-voice.ts';
import { arousalOf, arousalStepMs } from '#worker/analyse/arousal.ts';
import { PitchMeter } from '#worker/analyse/pitch.ts';
import type { Span } from '#worker/analyse/spans.ts';
import { speechSpans } from '#worker/analyse/speech-spans.ts';
import { syllableNuclei } from '#worker/analyse/syllables.ts';
import {
  blockSamples,
  pitchStepMs,
  type SpeechDetector,
  type VoiceFeatures,
  VoiceListener,
} from '#worker/analyse/voice-features.ts';

/** To the network a hum is speech in some of its windows only; where speech is, is not the question here. */
const everywhere: SpeechDetector = { reset: () => {}, next: () => 1 };

function listen(samples: Float32Array): VoiceFeatures {
  const listener = new VoiceListener(everywhere);
  for (let at = 0; at < samples.length + blockSamples; at += blockSamples) {
    const block = new Float32Array(blockSamples);
    block.set(samples.subarray(at, at + blockSamples));
    listener.push(block);
  }
  return listener.features();
}

const spoken = (fromSeconds: number, toSeconds: number): Span => ({
  fromMs: fromSeconds * 1_000,
  toMs: toSeconds * 1_000,
});

describe('The pitch of a voice', () => {
  it('is found from low to high, and not an octave off', () => {
    const meter = new PitchMeter(voiceRate);
    for (const hz of [80, 110, 155, 220, 310]) {
      const voice = syntheticVoice({ seconds: 0.5, pitchHz: () => hz, syllablesPerSecond: 2 });
      const found = meter.at(voice, 2_000 - meter.length / 2);
      expect(found, `${hz} Hz`).to.be.closeTo(hz, hz * 0.02);
    }
  });

  it('is not found in noise', () => {
    const meter = new PitchMeter(voiceRate);
    let state = 1;
    const noise = Float32Array.from({ length: 8_000 }, () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647 - 0.5;
    });
    const found = Array.from({ length: 40 }, (_, index) => meter.at(noise, index * 160));
    expect(found.filter((hz) => hz > 0)).to.have.length.below(3);
  });

  it('lies at its time: a rise in the middle of the sound is found there', () => {
    const features = listen(syntheticVoice({ seconds: 8, pitchHz: (at) => (at < 4 ? 120 : 180) }));
    const around = (second: number) => {
      const from = (second * 1_000) / pitchStepMs;
      const voiced = features.pitches.subarray(from - 20, from + 20).filter((hz) => hz > 0);
      return voiced.toSorted()[voiced.length >> 1];
    };
    expect(around(3.2)).to.be.closeTo(120, 4);
    expect(around(4.8)).to.be.closeTo(180, 6);
  });
});

describe('The syllables of a voice', () => {
  for (const pace of [2.5, 4, 5.5]) {
    it(`are counted at ${pace} a second`, () => {
      const features = listen(syntheticVoice({ seconds: 10, syllablesPerSecond: pace }));
      const nuclei = syllableNuclei(features, [spoken(0, 10)]);
      expect(nuclei.length / 10).to.be.closeTo(pace, 0.3);
    });
  }

  it('are none in silence', () => {
    expect(syllableNuclei(listen(silenceOf(2)), [])).to.deep.equal([]);
  });
});

describe('Speech', () => {
  it('begins and ends by two thresholds, closes short gaps and forgets clicks', () => {
    const windows = (text: string) => [...text].map((digit) => Number(digit) / 10);
    expect(speechSpans(windows('0000994499999000000000'), 32, 704)).to.deep.equal([
      { fromMs: 96, toMs: 416 },
    ]);
    expect(speechSpans(windows('0090000000000'), 32, 416)).to.deep.equal([]);
    expect(speechSpans(windows('99999'), 32, 150)).to.deep.equal([{ fromMs: 0, toMs: 150 }]);
  });
});

describe('The vocal arousal hint', () => {
  /** Two minutes: calm, raised for ten seconds in the middle. */
  const features = (raise: { semitones: number; dB: number }): VoiceFeatures => {
    const steps = 120_000 / pitchStepMs;
    const heated = (ms: number) => ms >= 60_000 && ms < 70_000;
    const sway = (step: number) => Math.sin(step / 40);
    return {
      probabilities: new Float32Array(120_000 / 32).fill(1),
      levels: Float32Array.from({ length: 2 * steps }, (_, step) => {
        return -25 + sway(step) + (heated(step * 10) ? raise.dB : 0);
      }),
      pitches: Float32Array.from({ length: steps }, (_, step) => {
        const semitones = 0.5 * sway(step) + (heated(step * pitchStepMs) ? raise.semitones : 0);
        return 120 * 2 ** (semitones / 12);
      }),
    };
  };
  const nuclei = Array.from({ length: 480 }, (_, index) => index * 250);
  const speech = [spoken(0, 120)];

  it('rises where a voice gets higher and louder than it is as a rule, and says when', () => {
    const { values, raised, known } = arousalOf(features({ semitones: 5, dB: 8 }), speech, nuclei, 120_000);
    expect(known).to.equal(true);
    expect(values).to.have.length(120_000 / arousalStepMs);
    expect(values[10]).to.be.within(-20, 20);
    expect(values[32]).to.be.above(60);
    expect(raised).to.have.length(1);
    expect(raised[0]?.fromMs).to.be.within(58_000, 62_000);
    expect(raised[0]?.toMs).to.be.within(68_000, 72_000);
  });

  it('stays flat for a voice that stays as it is', () => {
    const { values, raised } = arousalOf(features({ semitones: 0, dB: 0 }), speech, nuclei, 120_000);
    expect(raised).to.deep.equal([]);
    expect(Math.max(...values.map((value) => Math.abs(value ?? 0)))).to.be.below(20);
  });

  it('says nothing of somebody who hardly speaks', () => {
    const { values, raised, known } = arousalOf(
      features({ semitones: 5, dB: 8 }),
      [spoken(0, 2), spoken(60, 62)],
      nuclei,
      120_000,
    );
    expect(known).to.equal(false);
    expect(raised).to.deep.equal([]);
    expect(values.every((value) => value === null)).to.equal(true);
  });

  it('is silent between what is said', () => {
    const { values } = arousalOf(
      features({ semitones: 0, dB: 0 }),
      [spoken(0, 40), spoken(80, 120)],
      nuclei,
      120_000,
    );
    expect(values[30]).to.equal(null);
    expect(values[5]).to.be.a('number');
  });
});

describe('A listener', () => {
  it('hears the same however long the silence before', () => {
    const voice = syntheticVoice({ seconds: 3 });
    const alone = listen(voice);
    const later = listen(joined(silenceOf(1.28), voice));
    const shift = 1_280 / 10;
    expect([...later.levels.subarray(shift, shift + 100)]).to.deep.equal([...alone.levels.subarray(0, 100)]);
  });
});
