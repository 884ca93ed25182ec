/** UTC milliseconds. Passed in where rules depend on time, so that tests can set it. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();
