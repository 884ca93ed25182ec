import { DeleteOutlined, SendOutlined } from '@ant-design/icons';
import { Button, Popconfirm } from 'antd';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { messageMaxLength, type RoomMessage } from '#contract/rooms.ts';
import { useConnection } from '../../app/realtime-context.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { ErrorNote } from '../../ui/states.tsx';
import type { Outgoing } from './kept-outbox.ts';
import type { RoomLink, RoomLinkState } from './room-link.ts';
import styles from './rooms.module.css';

/** What listeners say to each other while they listen. */
export function MessagesSection({ link, state }: { link: RoomLink; state: RoomLinkState }) {
  const { t } = useTranslation('rooms');
  const { messages, outgoing, earlier, host } = state;
  const log = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const last = messages.at(-1)?.id;
  const waiting = outgoing.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are why it scrolls.
  useEffect(() => {
    if (atEnd.current && log.current) log.current.scrollTop = log.current.scrollHeight;
  }, [last, waiting]);
  return (
    <section className={styles.card} aria-label={t('chat.heading')}>
      <h2 className={styles.cardTitle}>{t('chat.heading')}</h2>
      {messages.length === 0 && waiting === 0 ? (
        <p className={styles.muted}>
          {t('chat.none')} {t('chat.note')}
        </p>
      ) : (
        <div
          ref={log}
          className={styles.log}
          role="log"
          aria-label={t('chat.log')}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
          tabIndex={0}
          onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
            atEnd.current = scrollTop + clientHeight > scrollHeight - 24;
          }}
        >
          {earlier && (
            <Button size="small" type="link" onClick={() => void link.loadEarlier()}>
              {t('chat.earlier')}
            </Button>
          )}
          <ul className={styles.messages}>
            {messages.map((message) => (
              <Message key={message.id} message={message} host={host} link={link} />
            ))}
            {outgoing.map((message) => (
              <Waiting key={message.key} message={message} link={link} failed={state.error !== null} />
            ))}
          </ul>
        </div>
      )}
      {state.error && waiting > 0 && <ErrorNote error={state.error} onClose={() => link.forgetError()} />}
      <Writer link={link} />
    </section>
  );
}

function Message({ message, host, link }: { message: RoomMessage; host: boolean; link: RoomLink }) {
  const { t } = useTranslation('rooms');
  const local = useLocalText();
  const format = useFormat();
  return (
    <li className={styles.message}>
      <p className={styles.meta}>
        <span className={styles.strong}>{local(message.name)}</span>
        {message.host && <span className={styles.tag}>{t('chat.host')}</span>}
        <time dateTime={new Date(message.sentAt).toISOString()}>{format.timeOfDay(message.sentAt)}</time>
        {host && message.text !== null && (
          <Popconfirm
            title={t('chat.removeSure')}
            okText={t('chat.removeYes')}
            cancelText={t('chat.removeNo')}
            onConfirm={() => void link.remove(message.id)}
          >
            <Button
              className={styles.remove ?? ''}
              size="small"
              type="text"
              icon={<DeleteOutlined aria-hidden />}
              aria-label={t('chat.remove')}
              title={t('chat.remove')}
            />
          </Popconfirm>
        )}
      </p>
      {message.text === null ? (
        <p className={styles.removed}>{t('chat.removed')}</p>
      ) : (
        <p className={styles.said}>{message.text}</p>
      )}
    </li>
  );
}

function Waiting({ message, link, failed }: { message: Outgoing; link: RoomLink; failed: boolean }) {
  const { t } = useTranslation('rooms');
  const connected = useConnection() === 'connected';
  const words = failed ? 'chat.failed' : connected ? 'chat.sending' : 'chat.waiting';
  return (
    <li className={styles.message} data-testid="outgoing">
      <p className={styles.said}>{message.text}</p>
      <p className={styles.meta}>
        <span className={styles.unsafe}>{t(words)}</span>
        {(failed || !connected) && (
          <Button size="small" type="link" onClick={() => link.discard(message.key)}>
            {t('chat.discard')}
          </Button>
        )}
      </p>
    </li>
  );
}

function Writer({ link }: { link: RoomLink }) {
  const { t } = useTranslation('rooms');
  const [text, setText] = useState(() => link.outbox.readDraft());
  const [full, setFull] = useState(false);
  const write = (words: string) => {
    setText(words);
    link.outbox.keepDraft(words);
  };
  const send = () => {
    const words = text.trim();
    if (!words) return;
    const taken = link.send(words);
    setFull(!taken);
    if (taken) write('');
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    // Enter ends a composition first; Shift+Enter is a new line.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (event.key === 'Escape') event.currentTarget.blur();
    if (event.key !== 'Enter' || event.shiftKey) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      className={styles.writer}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        className={styles.writerField}
        rows={1}
        value={text}
        maxLength={messageMaxLength}
        aria-label={t('chat.label')}
        placeholder={t('chat.placeholder')}
        data-testid="message"
        onChange={(event) => write(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <Button
        htmlType="submit"
        disabled={!text.trim()}
        icon={<SendOutlined aria-hidden />}
        aria-label={t('chat.send')}
        title={t('chat.send')}
      />
      {full && <p className={styles.unsafe}>{t('chat.tooMany')}</p>}
    </form>
  );
}
