/** Whatever is tried again later; cancelling takes back what was put off last. */
export class NextTry {
  #timer: ReturnType<typeof setTimeout> | undefined;

  after(ms: number, attempt: () => void): void {
    this.#timer = setTimeout(attempt, ms);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}
