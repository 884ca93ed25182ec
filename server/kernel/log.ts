import { type Logger, pino } from 'pino';

export type Log = Logger;

/** JSON lines on stdout. Fields are ids, counts and codes; what could identify a person is redacted should it slip in. */
export function createLog(service: string, level: string): Log {
  return pino({
    level,
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        '*.customerNumber',
        '*.name',
        '*.authorization',
        '*.cookie',
        'customerNumber',
        'authorization',
        'cookie',
      ],
      censor: '[redacted]',
    },
  });
}
