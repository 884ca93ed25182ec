/** The bytes are not an ONNX model, or lack what was looked for. */
export class OnnxError extends Error {
  override readonly name = 'OnnxError';
}

export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** Numbers of the fields that are read here, by message (onnx.proto3, ONNX IR version 3 and later). */
const inModel = { graph: 7 } as const;
const inGraph = { node: 1 } as const;
const inNode = { output: 2, attribute: 5 } as const;
const inAttribute = { tensor: 5, graph: 6 } as const;
const inTensor = { dims: 1, type: 2, floats: 4, raw: 9 } as const;
/** TensorProto.DataType.FLOAT */
const floatType = 1;

/**
 * The float constants of an ONNX model by the name of the value that they give, those in the branches of an `If`
 * included. Only what holds weights is read (protobuf wire format), nothing is run. Throws OnnxError.
 */
export function readWeights(model: Uint8Array): Map<string, Tensor> {
  const weights = new Map<string, Tensor>();
  try {
    for (const { number, bytes } of fields(model)) {
      if (number === inModel.graph && bytes) readGraph(bytes, weights);
    }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new OnnxError('these bytes are no ONNX model', { cause });
  }
  if (weights.size === 0) throw new OnnxError('this model has no weights');
  return weights;
}

function readGraph(graph: Uint8Array, weights: Map<string, Tensor>): void {
  for (const { number, bytes } of fields(graph)) {
    if (number === inGraph.node && bytes) readNode(bytes, weights);
  }
}

function readNode(node: Uint8Array, weights: Map<string, Tensor>): void {
  let output = '';
  for (const { number, bytes } of fields(node)) {
    if (!bytes) continue;
    if (number === inNode.output && output === '') output = new TextDecoder().decode(bytes);
    if (number !== inNode.attribute) continue;
    for (const part of fields(bytes)) {
      if (!part.bytes) continue;
      if (part.number === inAttribute.graph) readGraph(part.bytes, weights);
      const tensor = part.number === inAttribute.tensor ? readTensor(part.bytes) : undefined;
      if (tensor) weights.set(output, tensor);
    }
  }
}

function readTensor(message: Uint8Array): Tensor | undefined {
  const dims: number[] = [];
  let type = 0;
  let raw = new Uint8Array(0);
  for (const { number, integer, bytes } of fields(message)) {
    if (number === inTensor.dims) dims.push(...(bytes ? packed(bytes) : [integer]));
    if (number === inTensor.type) type = integer;
    // Packed floats and raw data are the same bytes: little-endian.
    if ((number === inTensor.floats || number === inTensor.raw) && bytes) raw = Uint8Array.from(bytes);
  }
  return type === floatType ? { dims, data: new Float32Array(raw.buffer) } : undefined;
}

interface Field {
  readonly number: number;
  readonly integer: number;
  /** Of a length-delimited field. */
  readonly bytes: Uint8Array | undefined;
}

/** Wire types: 0 a number, 1 eight bytes, 2 a length and so many bytes, 5 four bytes. Throws RangeError. */
function* fields(bytes: Uint8Array): Generator<Field> {
  for (let at = 0; at < bytes.length; ) {
    const tag = varint(bytes, at);
    const number = Math.floor(tag.value / 8);
    const wire = tag.value % 8;
    at = tag.next;
    if (wire === 0) {
      const { value, next } = varint(bytes, at);
      yield { number, integer: value, bytes: undefined };
      at = next;
    } else if (wire === 2) {
      const { value, next } = varint(bytes, at);
      if (next + value > bytes.length) throw new RangeError('a field reaches beyond its end');
      yield { number, integer: 0, bytes: bytes.subarray(next, next + value) };
      at = next + value;
    } else if (wire === 5) at += 4;
    else if (wire === 1) at += 8;
    else throw new RangeError(`no wire type ${wire} here`);
  }
}

function packed(bytes: Uint8Array): number[] {
  const values: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { value, next } = varint(bytes, at);
    values.push(value);
    at = next;
  }
  return values;
}

/** Seven bits a byte, least first. Negative ones, of ten bytes, are of no interest here and come out huge. */
function varint(bytes: Uint8Array, from: number): { value: number; next: number } {
  let value = 0;
  for (let at = from, factor = 1; at < bytes.length && at < from + 10; at++, factor *= 128) {
    value += (bytes[at]! & 0x7f) * factor;
    if (bytes[at]! < 0x80) return { value, next: at + 1 };
  }
  throw new RangeError('a number without an end');
}
