import { expect } from 'chai';
import { api } from '#contract/api.ts';
import type { Endpoint } from '#contract/endpoint.ts';
import { errorStatus } from '#contract/errors.ts';
import { openApiDocument } from '#http/openapi.ts';

interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  security: Record<string, string[]>[];
  parameters?: { name: string; in: string; required: boolean; schema: Record<string, unknown> }[];
  requestBody?: { content: Record<string, { schema: Record<string, unknown> }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>;
}
interface Document {
  openapi: string;
  info: { title: string; version: string };
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown>; securitySchemes: Record<string, unknown> };
}

// What a client fetches: the text, not our object.
const document = JSON.parse(JSON.stringify(openApiDocument())) as Document;
const endpoints = Object.values(api).flatMap((group) => Object.values(group) as Endpoint[]);
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

function* nodesOf(value: unknown): Generator<Record<string, unknown>> {
  if (Array.isArray(value)) for (const item of value) yield* nodesOf(item);
  else if (value !== null && typeof value === 'object') {
    yield value as Record<string, unknown>;
    for (const item of Object.values(value)) yield* nodesOf(item);
  }
}

describe('The OpenAPI document', () => {
  it('has the parts that OpenAPI 3.1 requires', () => {
    expect(document.openapi).to.match(/^3\.1\.\d+$/);
    expect(document.info.title).to.be.a('string').that.is.not.empty;
    expect(document.info.version).to.be.a('string').that.is.not.empty;
    for (const path of Object.keys(document.paths)) expect(path).to.match(/^\/api\//);
  });

  it('describes every endpoint of the contract, and nothing else', () => {
    const described = operations.map(
      ({ path, method, operation }) => `${operation.operationId} ${method} ${path}`,
    );
    const contract = endpoints.map(({ id, method, path }) => `${id} ${method} ${path}`);
    expect(described.sort()).to.deep.equal(contract.sort());
  });

  it('names each operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('declares every parameter in a path, and no other path parameter', () => {
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(declared.map(({ name }) => name).sort(), path).to.deep.equal(inPath);
      for (const parameter of declared) expect(parameter.required).to.equal(true);
    }
  });

  it('refers only to what is there', () => {
    const refs = [...nodesOf(document)].flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref] : []));
    expect(refs).to.not.be.empty;
    for (const ref of refs) {
      expect(ref).to.match(/^#\/components\/schemas\/\w+$/);
      expect(document.components.schemas).to.have.property(ref.split('/').at(-1) ?? '');
    }
    const tags = new Set(document.tags.map(({ name }) => name));
    const schemes = Object.keys(document.components.securitySchemes);
    for (const { operation } of operations) {
      for (const tag of operation.tags) expect(tags).to.include(tag);
      for (const scheme of operation.security.flatMap(Object.keys)) expect(schemes).to.include(scheme);
    }
  });

  it('uses JSON Schema types and patterns that exist', () => {
    const types = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];
    for (const schema of nodesOf([document.components.schemas, operations])) {
      if (typeof schema.type === 'string' && 'properties' in schema) expect(schema.type).to.equal('object');
      if (typeof schema.pattern === 'string')
        expect(() => new RegExp(schema.pattern as string)).to.not.throw();
      if (schema.type === 'array') expect(schema).to.have.any.keys('items', 'prefixItems');
      if (Array.isArray(schema.required)) {
        const properties = Object.keys((schema.properties ?? {}) as object);
        expect(properties).to.include.members(schema.required);
      }
    }
    for (const schema of Object.values(document.components.schemas)) {
      expect(types).to.include((schema as { type: string }).type);
    }
  });

  it('answers every error with the one error shape, under the status of its code', () => {
    for (const { operation } of operations) {
      for (const [status, response] of Object.entries(operation.responses)) {
        if (Number(status) < 400) continue;
        expect(response.content?.['application/json']?.schema).to.deep.equal({
          $ref: '#/components/schemas/Error',
        });
        for (const code of response.description.split(', ')) {
          expect(errorStatus).to.have.property(code, Number(status));
        }
      }
    }
  });

  it('asks for the CSRF token wherever a session changes something, and for a key where telephony knocks', () => {
    for (const { method, operation } of operations) {
      const telephony = operation.security.some((scheme) => 'telephony' in scheme);
      const asks = (operation.parameters ?? []).some(({ name }) => name === 'x-csrf-token');
      expect(asks, operation.operationId).to.equal(method !== 'get' && !telephony);
    }
  });
});
