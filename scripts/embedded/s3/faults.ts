/** Faults that tests can plan. Each rule applies to the requests it matches, as often as `count` says. */

export interface FaultRule {
  kind: 'reset' | 'slow-down' | 'slow' | 'cut-request' | 'cut-response' | 'flip-byte';
  /** operation name as in the SDK without "Command", e.g. `PutObject`; any if left out */
  operation?: string;
  /** only requests whose key begins with this */
  keyPrefix?: string;
  /** requests to let pass unharmed first (0 if left out) */
  skip?: number;
  /** requests to harm (all if left out) */
  count?: number;
  /** cut-…: body bytes that still pass; flip-byte: index of the harmed byte. 0 if left out */
  atByte?: number;
  /** slow: wait before the request is looked at, in ms */
  latencyMs?: number;
  /** slow: ceiling of the body in either direction, in bytes per second */
  bytesPerSecond?: number;
}

export interface PlannedFault {
  id: number;
  rule: FaultRule;
  matched: number;
  harmed: number;
}

/** What is to happen to one request. */
export interface FaultEffects {
  reset: boolean;
  slowDown: boolean;
  latencyMs: number;
  bytesPerSecond: number;
  cutRequestAfter: number;
  cutResponseAfter: number;
  flipByteAt: number;
}

const kinds = ['reset', 'slow-down', 'slow', 'cut-request', 'cut-response', 'flip-byte'];
const texts = ['operation', 'keyPrefix'];
const numbers = ['skip', 'count', 'atByte', 'latencyMs', 'bytesPerSecond'];

export class FaultPlan {
  readonly #planned: PlannedFault[] = [];
  readonly #setListening: (listening: boolean) => Promise<void>;
  #nextId = 1;

  constructor(setListening: (listening: boolean) => Promise<void>) {
    this.#setListening = setListening;
  }

  /** Adds a rule and returns its id. @throws Error naming the field that is wrong */
  add(rule: FaultRule): number {
    checkRule(rule);
    const id = this.#nextId++;
    this.#planned.push({ id, rule: { ...rule }, matched: 0, harmed: 0 });
    return id;
  }

  /** Takes one rule away, or all of them. */
  clear(id?: number): void {
    const kept = id === undefined ? [] : this.#planned.filter((fault) => fault.id !== id);
    this.#planned.splice(0, this.#planned.length, ...kept);
  }

  list(): PlannedFault[] {
    return structuredClone(this.#planned);
  }

  /** Outage of the whole server: open connections are reset, new ones refused, until `endOutage`. */
  startOutage(): Promise<void> {
    return this.#setListening(false);
  }

  endOutage(): Promise<void> {
    return this.#setListening(true);
  }

  /** Counts a request against the rules and returns what is to happen to it. */
  take(operation: string, key: string): FaultEffects {
    const effects: FaultEffects = {
      reset: false,
      slowDown: false,
      latencyMs: 0,
      bytesPerSecond: Number.POSITIVE_INFINITY,
      cutRequestAfter: Number.POSITIVE_INFINITY,
      cutResponseAfter: Number.POSITIVE_INFINITY,
      flipByteAt: -1,
    };
    for (const fault of this.#planned) {
      const { rule } = fault;
      if (rule.operation !== undefined && rule.operation !== operation) continue;
      if (!key.startsWith(rule.keyPrefix ?? '')) continue;
      fault.matched += 1;
      if (fault.matched <= (rule.skip ?? 0)) continue;
      if (fault.harmed >= (rule.count ?? Number.POSITIVE_INFINITY)) continue;
      fault.harmed += 1;
      addEffect(effects, rule);
    }
    return effects;
  }
}

function addEffect(effects: FaultEffects, rule: FaultRule): void {
  switch (rule.kind) {
    case 'reset':
      effects.reset = true;
      break;
    case 'slow-down':
      effects.slowDown = true;
      break;
    case 'slow':
      effects.latencyMs += rule.latencyMs ?? 0;
      effects.bytesPerSecond = Math.min(
        effects.bytesPerSecond,
        rule.bytesPerSecond ?? effects.bytesPerSecond,
      );
      break;
    case 'cut-request':
      effects.cutRequestAfter = rule.atByte ?? 0;
      break;
    case 'cut-response':
      effects.cutResponseAfter = rule.atByte ?? 0;
      break;
    case 'flip-byte':
      effects.flipByteAt = rule.atByte ?? 0;
      break;
  }
}

function checkRule(rule: FaultRule): void {
  if (!kinds.includes(rule.kind)) throw new Error(`kind must be one of ${kinds.join(', ')}`);
  for (const [name, value] of Object.entries(rule)) {
    if (name === 'kind') continue;
    const fits = texts.includes(name)
      ? typeof value === 'string'
      : numbers.includes(name) && Number.isInteger(value) && Number(value) >= 0;
    if (!fits) throw new Error(`${name} is unknown or not of the right kind`);
  }
  if (rule.bytesPerSecond === 0) throw new Error('bytesPerSecond must be at least 1');
}

/** Passes bytes on no faster than the ceiling. */
export async function* throttled(
  source: AsyncIterable<Buffer>,
  bytesPerSecond: number,
): AsyncGenerator<Buffer> {
  if (!Number.isFinite(bytesPerSecond)) return yield* source;
  const pieceBytes = Math.max(1, Math.floor(bytesPerSecond / 20));
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += pieceBytes) {
      const piece = chunk.subarray(at, at + pieceBytes);
      await pause((piece.length / bytesPerSecond) * 1000);
      yield piece;
    }
  }
}

/** Passes `bytes` bytes on, then calls `cut` and throws. */
export async function* cutAfter(
  source: AsyncIterable<Buffer>,
  bytes: number,
  cut: () => void,
): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const chunk of source) {
    if (chunk.length > left) {
      if (left > 0) yield chunk.subarray(0, left);
      cut();
      throw new ConnectionCut();
    }
    left -= chunk.length;
    yield chunk;
  }
}

export async function* withFlippedByte(source: AsyncIterable<Buffer>, index: number): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const chunk of source) {
    if (index >= at && index < at + chunk.length) {
      const harmed = Buffer.from(chunk);
      harmed[index - at] = harmed[index - at]! ^ 0x01;
      yield harmed;
    } else {
      yield chunk;
    }
    at += chunk.length;
  }
}

export class ConnectionCut extends Error {
  override name = 'ConnectionCut';
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
