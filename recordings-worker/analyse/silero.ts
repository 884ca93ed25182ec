import { createMatrixKernel, type MatrixKernel, viewOf } from './matrix-kernel.ts';
import { OnnxError, readWeights } from './onnx-weights.ts';

/** Hz. The model knows 16 kHz too; telephone speech ends at 4 kHz. */
export const vadRate = 8_000;
/** Samples that one probability stands for: 32 ms. */
export const vadWindow = 256;

/** Samples of the window before, put in front of each window. */
const context = 32;
/** The short-time Fourier transform: four frames a window. */
const frameLength = 128;
const hop = 64;
const frames = 4;
const bins = 65;
/** Vectors are multiples of four long. */
const paddedBins = 68;
const wide = 128;
const narrow = 64;
/** Input, forget, cell and output gates of the LSTM. */
const gates = 4 * wide;

/**
 * Silero VAD (Silero Team, 2021–2025, MIT; the 8 kHz half of version 5 and 6), computed here: a magnitude spectrum, four
 * convolutions over time, an LSTM cell and one output. The network is read from the published ONNX file; its graph is
 * written out below, so that no inference library is needed.
 * Not to be shared by two streams at a time: the LSTM remembers. Errors: OnnxError when the file is another model.
 */
export class Silero {
  readonly #kernel: MatrixKernel;
  readonly #fourier: number;
  readonly #encoders: readonly Encoder[];
  readonly #lstm: number;
  readonly #lstmBias: Float32Array;
  readonly #outWeights: Float32Array;
  readonly #outBias: number;
  readonly #sound: Sight;
  readonly #bins: Sight;
  readonly #spectrum: Sight;
  readonly #first: Sight;
  readonly #second: Sight;
  readonly #third: Sight;
  /** What goes into the LSTM: the last encoder's output, and behind it the state. */
  readonly #cellInput: Sight;
  readonly #gates: Sight;
  readonly #cell = new Float32Array(wide);

  constructor(model: Uint8Array) {
    const weights = telephoneWeights(model);
    const kernel = createMatrixKernel(400_000);
    this.#kernel = kernel;
    const see = (length: number): Sight => {
      const address = kernel.place(length);
      return { address, values: viewOf(kernel, address, length) };
    };
    this.#fourier = kernel.place(weights('stft.forward_basis_buffer', 2 * bins, frameLength));
    // What is convolved has a frame of zeros before the first and, where it is read, after the last frame.
    this.#encoders = [
      encoder(kernel, weights, 0, { outputs: wide, inputs: bins, taps: [0, 1, 2], padTo: paddedBins }),
      encoder(kernel, weights, 1, { outputs: narrow, inputs: wide, taps: [0, 1, 2] }),
      encoder(kernel, weights, 2, { outputs: narrow, inputs: narrow, taps: [0, 1, 2] }),
      // One frame is left, between two of zeros: only the middle tap counts.
      encoder(kernel, weights, 3, { outputs: wide, inputs: narrow, taps: [1] }),
    ];
    this.#lstm = kernel.place(
      beside(weights('decoder.rnn.weight_ih', gates, wide), weights('decoder.rnn.weight_hh', gates, wide)),
    );
    const recurrent = weights('decoder.rnn.bias_hh', gates, 1);
    this.#lstmBias = weights('decoder.rnn.bias_ih', gates, 1).map((bias, at) => bias + recurrent[at]!);
    this.#outWeights = weights('decoder.decoder.2.weight', 1, wide);
    this.#outBias = weights('decoder.decoder.2.bias', 1, 1)[0]!;
    this.#sound = see(context + vadWindow + hop);
    this.#bins = see(2 * bins + 2);
    this.#spectrum = see((frames + 2) * paddedBins);
    this.#first = see((frames + 1) * wide);
    this.#second = see(3 * narrow);
    this.#third = see(narrow);
    this.#cellInput = see(2 * wide);
    this.#gates = see(gates);
  }

  /** Forgets what was heard. */
  reset(): void {
    this.#cell.fill(0);
    this.#cellInput.values.fill(0);
    this.#sound.values.fill(0);
  }

  /**
   * The probability, 0 to 1, that somebody speaks in the window: the next {@link vadWindow} samples of the stream from
   * `from` on, −1 to 1. Beyond the end is silence.
   */
  next(samples: Float32Array, from: number): number {
    const sound = this.#sound.values;
    sound.copyWithin(0, vadWindow, vadWindow + context);
    sound.fill(0, context, context + vadWindow);
    sound.set(samples.subarray(from, from + vadWindow), context);
    // The end is mirrored, so that the last frame is whole (reflect padding).
    const last = context + vadWindow - 1;
    for (let i = 1; i <= hop; i++) sound[last + i] = sound[last - i]!;
    this.#transform();
    this.#encode();
    return this.#decide();
  }

  #transform(): void {
    const values = this.#bins.values;
    for (let frame = 0; frame < frames; frame++) {
      const from = this.#sound.address + 4 * hop * frame;
      // 130 rows; the two beyond are whatever lies behind the matrix, and are not read.
      this.#kernel.multiply(this.#fourier, from, this.#bins.address, 2 * bins + 2, frameLength);
      const at = (frame + 1) * paddedBins;
      for (let bin = 0; bin < bins; bin++) {
        const real = values[bin]!;
        const imaginary = values[bins + bin]!;
        this.#spectrum.values[at + bin] = Math.sqrt(real * real + imaginary * imaginary);
      }
    }
  }

  #encode(): void {
    const [one, two, three, four] = this.#encoders as [Encoder, Encoder, Encoder, Encoder];
    for (let frame = 0; frame < frames; frame++) {
      this.#convolve(one, this.#spectrum, frame * paddedBins, this.#first, (frame + 1) * wide);
    }
    // Two frames apart.
    this.#convolve(two, this.#first, 0, this.#second, narrow);
    this.#convolve(two, this.#first, 2 * wide, this.#second, 2 * narrow);
    this.#convolve(three, this.#second, 0, this.#third, 0);
    this.#convolve(four, this.#third, 0, this.#cellInput, 0);
  }

  #convolve({ matrix, bias, columns }: Encoder, from: Sight, at: number, to: Sight, into: number): void {
    this.#kernel.multiply(matrix, from.address + 4 * at, to.address + 4 * into, bias.length, columns);
    const { values } = to;
    for (let i = 0; i < bias.length; i++) values[into + i] = Math.max(0, values[into + i]! + bias[i]!);
  }

  #decide(): number {
    this.#kernel.multiply(this.#lstm, this.#cellInput.address, this.#gates.address, gates, 2 * wide);
    const sums = this.#gates.values;
    const bias = this.#lstmBias;
    const state = this.#cellInput.values;
    let output = this.#outBias;
    for (let i = 0; i < wide; i++) {
      const input = sigmoid(sums[i]! + bias[i]!);
      const forget = sigmoid(sums[wide + i]! + bias[wide + i]!);
      const candidate = Math.tanh(sums[2 * wide + i]! + bias[2 * wide + i]!);
      const open = sigmoid(sums[3 * wide + i]! + bias[3 * wide + i]!);
      const cell = forget * this.#cell[i]! + input * candidate;
      this.#cell[i] = cell;
      const hidden = open * Math.tanh(cell);
      state[wide + i] = hidden;
      if (hidden > 0) output += hidden * this.#outWeights[i]!;
    }
    return sigmoid(output);
  }
}

/** A stretch of the kernel's memory and how JavaScript sees it. */
interface Sight {
  readonly address: number;
  readonly values: Float32Array;
}

interface Encoder {
  readonly matrix: number;
  readonly bias: Float32Array;
  readonly columns: number;
}

type Weights = (name: string, rows: number, columns: number) => Float32Array;

/** The model holds a network for each sample rate under the same names; the shape of the first layer tells them apart. */
function telephoneWeights(model: Uint8Array): Weights {
  const all = readWeights(model);
  const basis = 'stft.forward_basis_buffer';
  const prefix = [...all].find(([name, { dims }]) => name.endsWith(basis) && dims[0] === 2 * bins)?.[0];
  if (prefix === undefined) throw new OnnxError('this model has no network for 8 kHz');
  const branch = prefix.slice(0, -basis.length);
  return (name, rows, columns) => {
    const tensor = all.get(branch + name);
    if (tensor?.data.length !== rows * columns)
      throw new OnnxError(`this model has another shape at ${name}`);
    return tensor.data;
  };
}

/** [output][input][tap] as a matrix whose columns go with frames that lie one behind the other. */
function encoder(
  kernel: MatrixKernel,
  weights: Weights,
  number: number,
  shape: { outputs: number; inputs: number; taps: readonly number[]; padTo?: number },
): Encoder {
  const { outputs, inputs, taps, padTo = inputs } = shape;
  const given = weights(`encoder.${number}.reparam_conv.weight`, outputs, inputs * 3);
  const columns = taps.length * padTo;
  const matrix = new Float32Array(outputs * columns);
  for (let output = 0; output < outputs; output++) {
    for (const [place, tap] of taps.entries()) {
      for (let input = 0; input < inputs; input++) {
        matrix[output * columns + place * padTo + input] = given[(output * inputs + input) * 3 + tap]!;
      }
    }
  }
  return {
    matrix: kernel.place(matrix),
    bias: weights(`encoder.${number}.reparam_conv.bias`, outputs, 1),
    columns,
  };
}

/** Two matrices of `gates` rows, row by row side by side. */
function beside(left: Float32Array, right: Float32Array): Float32Array {
  const both = new Float32Array(2 * left.length);
  for (let row = 0; row < gates; row++) {
    both.set(left.subarray(row * wide, (row + 1) * wide), 2 * row * wide);
    both.set(right.subarray(row * wide, (row + 1) * wide), (2 * row + 1) * wide);
  }
  return both;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
