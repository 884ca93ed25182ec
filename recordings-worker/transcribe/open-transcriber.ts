import type { TranscriberConfig } from '#kernel/config.ts';
import { openAiTranscriber } from './openai-transcriber.ts';
import { sherpaTranscriber } from './sherpa-transcriber.ts';
import { type Transcriber, TranscriberError } from './transcriber.ts';

/** The transcriber that the configuration names. Errors: TranscriberError `config`. */
export async function openTranscriber(config: TranscriberConfig): Promise<Transcriber> {
  switch (config.TRANSCRIBER) {
    case 'openai':
      return openAiTranscriber({
        // The schema has seen to it that there is one.
        url: config.TRANSCRIBER_URL ?? '',
        key: config.TRANSCRIBER_KEY,
        model: config.TRANSCRIBER_MODEL,
        language: config.TRANSCRIBER_LANGUAGE,
        timeoutMs: config.TRANSCRIBER_TIMEOUT_MS,
      });
    case 'sherpa':
      return sherpaTranscriber(config.TRANSCRIBER_MODEL_DIR ?? '');
    case 'none':
      throw new TranscriberError('config', 'TRANSCRIBER=none: this worker transcribes nothing');
  }
}
