import { type Text, UndoManager, type YTextEvent } from 'yjs';
import { changeBetween, positionAfter, type TextDelta } from './text-change.ts';

/** What the binding needs of the notes while an input method composes. */
export interface Holdable {
  hold(): void;
  release(): void;
}

/**
 * Binds a text field to a shared text: what is typed becomes the smallest change, what others write appears without
 * moving the caret from its words. While an input method composes (Pinyin, for one) the field is left alone: the
 * composed text is one change when it is done, and what others wrote meanwhile is merged in then.
 * Undo and redo are of one's own changes only. Answers how to unbind.
 */
export function bindText(field: HTMLTextAreaElement, text: Text, notes: Holdable): () => void {
  const own = Symbol('typed here');
  const undo = new UndoManager(text, { trackedOrigins: new Set([own]) });
  let composing = false;
  /** Where the last own change ended: what is typed elsewhere is another step of undo. */
  let lastEnd = -1;
  let shown = text.toString();
  field.value = shown;

  const take = () => {
    const change = changeBetween(shown, field.value, field.selectionEnd);
    if (!change) return;
    shown = field.value;
    if (change.at !== lastEnd && change.at + change.remove !== lastEnd) undo.stopCapturing();
    lastEnd = change.at + change.insert.length;
    text.doc?.transact(() => {
      if (change.remove > 0) text.delete(change.at, change.remove);
      if (change.insert) text.insert(change.at, change.insert);
    }, own);
  };
  const show = (event: YTextEvent) => {
    if (event.transaction.origin === own) return;
    const { selectionStart, selectionEnd, selectionDirection, scrollTop } = field;
    const delta = event.delta as TextDelta;
    shown = text.toString();
    field.value = shown;
    if (document.activeElement === field) {
      const start = positionAfter(selectionStart, delta);
      field.setSelectionRange(start, positionAfter(selectionEnd, delta), selectionDirection);
    }
    field.scrollTop = scrollTop;
  };

  const onInput = (event: Event) => {
    if (composing || (event as InputEvent).isComposing) return;
    take();
  };
  const onCompositionStart = () => {
    composing = true;
    notes.hold();
  };
  const onCompositionEnd = () => {
    if (!composing) return;
    composing = false;
    take();
    notes.release();
  };
  const onBeforeInput = (event: InputEvent) => {
    if (event.inputType !== 'historyUndo' && event.inputType !== 'historyRedo') return;
    event.preventDefault();
    if (event.inputType === 'historyUndo') undo.undo();
    else undo.redo();
  };
  // The browser's own history knows nothing after a value was set, and would not even ask.
  const onKeyDown = (event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || composing) return;
    const key = event.key.toLowerCase();
    if (key !== 'z' && key !== 'y') return;
    event.preventDefault();
    if (key === 'z' && !event.shiftKey) undo.undo();
    else undo.redo();
  };

  const listeners: [string, (event: never) => void][] = [
    ['input', onInput],
    ['compositionstart', onCompositionStart],
    ['compositionend', onCompositionEnd],
    // Some input methods are left by a click elsewhere, without an end.
    ['blur', onCompositionEnd],
    ['beforeinput', onBeforeInput],
    ['keydown', onKeyDown],
  ];
  for (const [name, listener] of listeners) field.addEventListener(name, listener as EventListener);
  text.observe(show);
  return () => {
    onCompositionEnd();
    text.unobserve(show);
    undo.destroy();
    for (const [name, listener] of listeners) field.removeEventListener(name, listener as EventListener);
  };
}
