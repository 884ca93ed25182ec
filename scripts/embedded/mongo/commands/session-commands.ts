import { UUID } from 'bson';
import { type Doc, isDoc } from '../values.ts';
import type { Call, Command } from './command.ts';

const VERSION = '7.0.14';
const VERSION_ARRAY = [7, 0, 14, 0];
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** A standalone server, so that drivers leave out transaction numbers and do not look for a primary. */
const hello = ({ name, connectionId }: Call): Doc => ({
  ...(name === 'hello' ? { isWritablePrimary: true } : { ismaster: true }),
  helloOk: true,
  maxBsonObjectSize: MAX_DOCUMENT_BYTES,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  localTime: new Date(),
  logicalSessionTimeoutMinutes: 30,
  connectionId,
  minWireVersion: 0,
  maxWireVersion: 21,
  readOnly: false,
  ok: 1,
});

const ok = (): Doc => ({ ok: 1 });

const PARAMETERS: Doc = { featureCompatibilityVersion: { version: '7.0' } };

export const SESSION_COMMANDS: Record<string, Command> = {
  hello: { fields: 'any', run: hello },
  isMaster: { fields: 'any', run: hello },
  ismaster: { fields: 'any', run: hello },
  ping: { fields: [], run: ok },
  endSessions: { fields: [], run: ok },
  refreshSessions: { fields: [], run: ok },
  startSession: { fields: [], run: () => ({ id: { id: new UUID() }, timeoutMinutes: 30, ok: 1 }) },
  logout: { fields: [], run: ok },
  buildInfo: {
    fields: [],
    run: () => ({
      version: VERSION,
      versionArray: VERSION_ARRAY,
      gitVersion: 'embedded',
      modules: ['embedded'],
      bits: 64,
      maxBsonObjectSize: MAX_DOCUMENT_BYTES,
      storageEngines: ['journal'],
      ok: 1,
    }),
  },
  getParameter: {
    fields: Object.keys(PARAMETERS),
    run: ({ command }) => {
      const all =
        command.getParameter === '*' ||
        (isDoc(command.getParameter) && command.getParameter.allParameters === true);
      const wanted = Object.entries(PARAMETERS).filter(([name]) => all || name in command);
      return { ...Object.fromEntries(wanted), ok: 1 };
    },
  },
  connectionStatus: {
    fields: ['showPrivileges'],
    run: () => ({ authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] }, ok: 1 }),
  },
};
