import { z } from 'zod';

/** Ids are opaque to clients: url-safe, at most 64 characters. */
export const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

/** A point in time: UTC milliseconds since 1970. */
export const timeMs = z.number().int().nonnegative().max(8.64e15);

/** A moment in a call: milliseconds from the call's start (its first media packet). */
export const offsetMs = z.number().int().nonnegative();

/** An IANA zone name, e.g. Asia/Shanghai. */
export const zone = z.string().min(1).max(64);

/** Text that people read, in both languages of the product. */
export const localText = z.object({ en: z.string().max(200), zh: z.string().max(200) });
export type LocalText = z.infer<typeof localText>;

/** Repeating a command with the same key gives the first answer again. */
export const idempotencyKey = z.string().regex(/^[A-Za-z0-9_-]{8,64}$/);

export const legRole = z.enum(['agent', 'customer', 'bot']);
export type LegRole = z.infer<typeof legRole>;

export const codec = z.enum(['PCMU', 'PCMA', 'opus']);
export type Codec = z.infer<typeof codec>;
