/** Something a person has to put right before the product can start. Its message is all that they are shown. */
export class SetUpError extends Error {
  override readonly name = 'SetUpError';
}
