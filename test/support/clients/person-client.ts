import { businessesEndpoints } from '#contract/businesses.ts';
import { callsEndpoints } from '#contract/calls.ts';
import type { QueryOf } from '#contract/endpoint.ts';
import type { Person } from '#contract/identity.ts';
import { operationsEndpoints } from '#contract/operations.ts';
import { recordingsEndpoints } from '#contract/recordings.ts';
import { ApiClient } from './api-client.ts';
import { SeatsClient } from './seats-client.ts';
import { SocketClient } from './socket-client.ts';

/** A signed-in person with everything they can ask for. */
export class PersonClient {
  readonly person: Person;
  readonly api: ApiClient;
  readonly seats: SeatsClient;

  constructor(person: Person, api: ApiClient) {
    this.person = person;
    this.api = api;
    this.seats = new SeatsClient(api);
  }

  static async signIn(url: string, personaId: string): Promise<PersonClient> {
    const api = new ApiClient(url);
    return new PersonClient(await api.signIn(personaId), api);
  }

  /** The same person, the same session, at another instance. */
  at(url: string): PersonClient {
    return new PersonClient(this.person, this.api.at(url));
  }

  businesses = {
    tree: () => this.api.call(businessesEndpoints.tree),
    lines: () => this.api.call(businessesEndpoints.lines),
  };

  calls = {
    live: (lineId?: string) => this.api.call(callsEndpoints.live, { query: { lineId } }),
    pause: (id: string) => this.api.call(callsEndpoints.pause, { params: { id } }),
    resume: (id: string) => this.api.call(callsEndpoints.resume, { params: { id } }),
  };

  recordings = {
    list: (query: Partial<QueryOf<typeof recordingsEndpoints.list>> = {}) =>
      this.api.call(recordingsEndpoints.list, { query }),
    show: (id: string) => this.api.call(recordingsEndpoints.show, { params: { id } }),
    audio: (id: string) => this.api.call(recordingsEndpoints.audio, { params: { id } }),
  };

  operations = {
    overview: () => this.api.call(operationsEndpoints.overview),
  };

  socket(): Promise<SocketClient> {
    return SocketClient.connect(this.api.url, { cookie: this.api.cookie });
  }
}
