import { z } from 'zod';
import { api } from '#contract/api.ts';
import { bookmark } from '#contract/bookmarks.ts';
import { business, line, scenario } from '#contract/businesses.ts';
import { call, callFacts, callLeg, openCallRequest, rtpLegAddress, rtpLegRequest } from '#contract/calls.ts';
import { workerHeartbeat } from '#contract/capture.ts';
import { clip } from '#contract/clips.ts';
import type { Endpoint, EndpointAuth } from '#contract/endpoint.ts';
import { type ErrorCode, errorBody, errorStatus } from '#contract/errors.ts';
import { heardBy } from '#contract/hearings.ts';
import { person, session } from '#contract/identity.ts';
import { action, agendaItem, meeting } from '#contract/meetings.ts';
import { serviceState } from '#contract/operations.ts';
import { localText } from '#contract/primitives.ts';
import { recordingDetail, recordingGap, recordingSummary } from '#contract/recordings.ts';
import { legalHold, retentionPolicy } from '#contract/retention.ts';
import { reservation, slot } from '#contract/seats.ts';

type Json = Record<string, unknown>;

/** Shapes with a name of their own in the document; all others are written where they are used. */
const named = {
  Action: action,
  AgendaItem: agendaItem,
  Bookmark: bookmark,
  Business: business,
  Call: call,
  CallFacts: callFacts,
  CallLeg: callLeg,
  Clip: clip,
  Error: errorBody,
  HeardBy: heardBy,
  LegalHold: legalHold,
  Line: line,
  LocalText: localText,
  Meeting: meeting,
  OpenCallRequest: openCallRequest,
  Person: person,
  RecordingDetail: recordingDetail,
  RecordingGap: recordingGap,
  RecordingSummary: recordingSummary,
  Reservation: reservation,
  RetentionPolicy: retentionPolicy,
  RtpLegAddress: rtpLegAddress,
  RtpLegRequest: rtpLegRequest,
  Scenario: scenario,
  ServiceState: serviceState,
  Session: session,
  Slot: slot,
  WorkerHeartbeat: workerHeartbeat,
} as const;

const ref = (name: string) => `#/components/schemas/${name}`;

/** The OpenAPI 3.1 document (JSON Schema 2020-12), made from the contract and from nothing else. */
export function openApiDocument(): Json {
  const groups = Object.entries(api).map(([tag, endpoints]) => ({
    tag,
    endpoints: Object.values(endpoints) as Endpoint[],
  }));
  const endpoints = groups.flatMap((group) => group.endpoints);
  const answers = describe(
    endpoints.map((endpoint) => endpoint.response),
    'output',
  );
  const bodies = describe(
    endpoints.flatMap((endpoint) => (endpoint.body ? [endpoint.body] : [])),
    'input',
  );
  const paths: Record<string, Json> = {};
  for (const { tag, endpoints: list } of groups) {
    for (const endpoint of list) {
      paths[endpoint.path] ??= {};
      (paths[endpoint.path] as Json)[endpoint.method] = operation(
        endpoint,
        tag,
        answers.schemaOf,
        bodies.schemaOf,
      );
    }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Cloud Listening',
      version: '0.1.0',
      description:
        'Times are UTC milliseconds, moments in a call are milliseconds from its start. ' +
        'Every error has a stable `code` and a sentence. Live media is negotiated over socket.io.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: groups.map(({ tag }) => ({ name: tag })),
    paths,
    components: {
      schemas: { ...bodies.components, ...answers.components },
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'cloud_listening_session',
          description: 'Set by POST /api/session. Changing requests also need the header x-csrf-token.',
        },
        telephony: { type: 'http', scheme: 'bearer', description: 'The key of the telephony side.' },
      },
    },
  };
}

function operation(
  endpoint: Endpoint,
  tag: string,
  answerOf: (schema: z.ZodType) => Json,
  bodyOf: (schema: z.ZodType) => Json,
): Json {
  const status = endpoint.status ?? 200;
  const parameters = [
    ...parametersOf('path', endpoint.params),
    ...parametersOf('query', endpoint.query),
    ...(needsCsrf(endpoint)
      ? [{ name: 'x-csrf-token', in: 'header', required: true, schema: { type: 'string' } }]
      : []),
  ];
  return {
    operationId: endpoint.id,
    tags: [tag],
    summary: endpoint.summary,
    security: securityOf(endpoint.auth),
    ...(parameters.length > 0 && { parameters }),
    ...(endpoint.body && {
      requestBody: { required: true, content: { 'application/json': { schema: bodyOf(endpoint.body) } } },
    }),
    responses: {
      [String(status)]:
        status === 204
          ? { description: 'Done.' }
          : {
              description: 'Done.',
              content: { 'application/json': { schema: answerOf(endpoint.response) } },
            },
      ...errorsOf(endpoint),
    },
  };
}

const needsCsrf = ({ method, auth }: Endpoint) => method !== 'get' && (auth === 'session' || auth === 'none');

function securityOf(auth: EndpointAuth): Json[] {
  if (auth === 'session') return [{ session: [] }];
  if (auth === 'telephony') return [{ telephony: [] }];
  return [];
}

/** What an endpoint may answer besides success, by status: its own codes and those of its kind. */
function errorsOf(endpoint: Endpoint): Json {
  const codes = new Set<ErrorCode>([
    'request.invalid',
    'store.unavailable',
    'internal',
    ...(endpoint.errors ?? []),
  ]);
  if (endpoint.body) codes.add('request.malformed').add('request.too-large');
  if (endpoint.auth === 'session') codes.add('session.required').add('ability.denied').add('scope.denied');
  if (endpoint.auth === 'telephony') codes.add('telephony.key').add('rate.limited');
  if (endpoint.auth === 'customer-link') codes.add('rate.limited');
  if (needsCsrf(endpoint)) codes.add('session.csrf');
  const byStatus = Map.groupBy(codes, (code) => errorStatus[code]);
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, list]) => [
        String(status),
        {
          description: list.sort().join(', '),
          content: { 'application/json': { schema: { $ref: ref('Error') } } },
        },
      ]),
  );
}

function parametersOf(where: 'path' | 'query', schema: z.ZodType | undefined): Json[] {
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, field]) => {
    const { $schema: _, ...description } = z.toJSONSchema(field, { io: 'output' });
    return {
      name,
      in: where,
      required: where === 'path' || !field.safeParse(undefined).success,
      schema: description,
    };
  });
}

/** JSON Schemas of one direction; the named shapes become components and every use of them a reference. */
function describe(schemas: readonly z.ZodType[], io: 'input' | 'output') {
  const registry = z.registry<{ id: string }>();
  const names = new Map<z.ZodType, string>();
  for (const [name, schema] of Object.entries(named)) names.set(schema, name);
  for (const schema of schemas) if (!names.has(schema)) names.set(schema, `inline-${names.size}`);
  for (const [schema, id] of names) registry.add(schema, { id });
  const described = z.toJSONSchema(registry, { io, uri: ref }).schemas as Record<string, Json>;
  const bare = (name: string): Json => {
    const { $id: _id, $schema: _schema, ...rest } = described[name] ?? {};
    return rest;
  };
  return {
    components: Object.fromEntries(Object.keys(named).map((name) => [name, bare(name)])),
    schemaOf: (schema: z.ZodType): Json => {
      const name = names.get(schema) ?? '';
      return name in named ? { $ref: ref(name) } : bare(name);
    },
  };
}
